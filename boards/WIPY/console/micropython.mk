SRC_USERMOD += $(USERMOD_DIR)/console.c
