# The module thread_stack, frozen into the firmware of tests/hil/test_hil_stack.py only.
SRC_USERMOD += $(USERMOD_DIR)/thread_stack.c
