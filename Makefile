# MicroWebSrv2 firmware: the front door. `make help` explains it.

# What can be given as NAME=value: `make run PORT=8000`. ## is the text of `make help`.
BOARD ?= UNIX## the board
PORT ?= 8080## run: the TCP port on this computer
FLASH ?=## run: the folder (UNIX) or file (QEMU) that stands for the device's flash, instead of the one in build/
DEVICE ?=## flash, deploy, provision, hil: the port or address of the board, as /dev/ttyUSB0; found by itself where possible
VARIANT ?=## the variant of a board that has some, see boards/NAME/README.md
MANIFEST ?=## build: your own manifest.py, frozen besides the board's
MICROPY_DIR ?=## an upstream checkout of MicroPython 1.25 or newer, instead of Debian's source package
DEBIAN_MIRROR ?=## where Debian's source packages come from, instead of this system's mirror
RAM_KB ?=## QEMU: the RAM of the emulated board
STACK_KB ?=## QEMU: its stack
CONTAINER ?=## ESP32: 1 builds in mpbuild's container
WIFI_SSID ?=## provision: the Wi-Fi network to join; WIFI_PASSWORD its password
WIFI_PASSWORD ?=
ADDRESS ?=## provision: dhcp, or ADDRESS/BITS,GATEWAY, as 192.168.1.50/24,192.168.1.1
HOSTNAME ?=## provision: the name of the device on the network; ADMIN_PASSWORD the password for its pages
ADMIN_PASSWORD ?=
QUICK ?=## bench: 1 for a run of under three minutes
RECORD ?=## bench: 1 writes docs/performance.md
SAMPLE ?=## mutants: so many of each module instead of all; a larger sample holds the smaller one
SEED ?=## mutants: what chooses the sample
FILES ?=## mutants: only the modules that these patterns match, as FILES='*wsFrames* *webRoute*'
JOBS ?=## mutants: so many at a time
MINUTES ?=## soak: how long on each target
TARGETS ?=## soak: the targets, by default cpython,unix,qemu
ARGS ?=## test, hil: more arguments for pytest, as ARGS="-k websocket -x"
V ?=## 1 shows all output of builds

VARIABLES := BOARD PORT FLASH DEVICE VARIANT MANIFEST MICROPY_DIR DEBIAN_MIRROR RAM_KB STACK_KB CONTAINER QUICK RECORD SAMPLE SEED FILES JOBS MINUTES TARGETS ARGS V WIFI_SSID ADDRESS
# Defaults stay with the tools: only what the command line or the environment says is handed on.
is_given = $(and $(filter-out file,$(origin $1)),$($1))
GIVEN = $(foreach name,$(VARIABLES),$(if $(call is_given,$(name)),'$(name)=$(subst ','\'',$($(name)))'))
# The environment of a container has a HOSTNAME of its own. Passwords reach the tools in the environment only.
GIVEN += $(if $(filter command,$(origin HOSTNAME)),'HOSTNAME=$(subst ','\'',$(HOSTNAME))')
export WIFI_PASSWORD ADMIN_PASSWORD

GOALS := run test build size flash deploy provision hil bench debug profile lint mutants soak requirements

.PHONY: help $(GOALS) clean distclean
.DEFAULT_GOAL := help

run:## builds the firmware of BOARD if needed and runs it here (UNIX, QEMU); Ctrl-C ends it
test:## checks everything: lint, builds, sizes, tests on CPython, the UNIX firmware and the emulated board
build:## builds the image of BOARD
size:## shows what the images of all boards, or of BOARD=…, need: flash, RAM, frozen bytes by module
flash:## writes the image to the board
deploy:## installs server, harness and web files on a board with stock MicroPython, only what changed
provision:## first contact: asks for network and password, writes the board's configuration, opens its address
hil:## runs the hardware-in-the-loop tests on the board; without BOARD=…, on the emulated one
bench:## measures the server beside its peers
debug:## runs the firmware under a debugger (QEMU)
profile:## shows where the instructions go, by function (QEMU)
lint:## checks the sources: ruff, private attributes, and that the common modules freeze for the smallest board
mutants:## puts faults into the server one at a time, and shows which no test notices (hours; SAMPLE=20 for less)
soak:## mixed work for MINUTES beside each attack, on CPython, the UNIX firmware and the emulated board
requirements:## resolves requirements/*.in anew: exact versions with their hashes

TOOL = $@
debug profile: TOOL = examine $@
$(GOALS):
	@sh tools/python.sh
	@python3 -m tools.setup $@ $(GIVEN) && exec .venv/bin/python -m tools.$(TOOL) $(GIVEN)

help:## shows this
	@sh tools/python.sh
	@python3 -m tools.help

clean:## removes what was built, but not the sources and not the flash of UNIX and QEMU
	@python3 -m tools.clean

distclean:## removes all that make has made: build/ and .venv
	@rm -rf build .venv
