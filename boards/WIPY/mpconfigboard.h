// The WIPY of the cc3200 port as a web server. Code, data and the heap of Python share one memory of 240 KB here: what the server
// does not need is left out, each byte of it is a byte of heap. What each line frees was measured with MicroPython 1.25.

#include "boards/WIPY/mpconfigboard.h"

#undef MICROPY_HW_BOARD_NAME
#define MICROPY_HW_BOARD_NAME "MicroWebSrv2 WiPy"

// Regular expressions: 2432 bytes.
#undef MICROPY_PY_RE
#define MICROPY_PY_RE (0)

// OrderedDict, execfile(), set and frozenset: 2904 bytes.
#undef MICROPY_PY_COLLECTIONS_ORDEREDDICT
#define MICROPY_PY_COLLECTIONS_ORDEREDDICT (0)
#undef MICROPY_PY_BUILTINS_EXECFILE
#define MICROPY_PY_BUILTINS_EXECFILE (0)
#undef MICROPY_PY_BUILTINS_FROZENSET
#define MICROPY_PY_BUILTINS_FROZENSET (0)
#define MICROPY_PY_BUILTINS_SET (0)

// help(): 392 bytes.
#undef MICROPY_PY_BUILTINS_HELP
#define MICROPY_PY_BUILTINS_HELP (0)

// The compiler, and with it REPL and eval(): 22,640 bytes. Applications come as .mpy; the folder console stands for the REPL.
#define MICROPY_ENABLE_COMPILER (0)
#define MICROPY_PY_BUILTINS_COMPILE (0)
#define MICROPY_PY_BUILTINS_EVAL_EXEC (0)
#undef MICROPY_MODULE_FROZEN_STR
#define MICROPY_MODULE_FROZEN_STR (0)
#undef MICROPY_HELPER_REPL
#define MICROPY_HELPER_REPL (0)
#undef MICROPY_PY_BUILTINS_INPUT
#define MICROPY_PY_BUILTINS_INPUT (0)

// Hashes of names are computed when they are needed: 1 byte for each of 2000 names.
#define MICROPY_QSTR_BYTES_IN_HASH (0)

// The module collections: 900 bytes. Line numbers: frozen code has none.
#define MICROPY_PY_COLLECTIONS (0)
#undef MICROPY_ENABLE_SOURCE_LINE
#define MICROPY_ENABLE_SOURCE_LINE (0)

// Reflected and in-place operator methods of classes (__radd__, __iadd__ and their like).
#undef MICROPY_PY_ALL_SPECIAL_METHODS
#define MICROPY_PY_ALL_SPECIAL_METHODS (0)

// Throwing into suspended generators, which coroutines want.
#define MICROPY_PY_GENERATOR_PEND_THROW (0)
