// The WIPY of the cc3200 port as a web server. Code, data and the heap of Python share one memory of 240 KB here: what the server
// does not need is left out, each byte of it is a byte of heap. What each line frees was measured with MicroPython 1.25.

#include "boards/WIPY/mpconfigboard.h"

#undef MICROPY_HW_BOARD_NAME
#define MICROPY_HW_BOARD_NAME "MicroWebSrv2 WiPy"

// Regular expressions: 2432 bytes.
#undef MICROPY_PY_RE
#define MICROPY_PY_RE (0)

// OrderedDict, execfile() and frozenset: 832 bytes.
#undef MICROPY_PY_COLLECTIONS_ORDEREDDICT
#define MICROPY_PY_COLLECTIONS_ORDEREDDICT (0)
#undef MICROPY_PY_BUILTINS_EXECFILE
#define MICROPY_PY_BUILTINS_EXECFILE (0)
#undef MICROPY_PY_BUILTINS_FROZENSET
#define MICROPY_PY_BUILTINS_FROZENSET (0)

// help(): 392 bytes.
#undef MICROPY_PY_BUILTINS_HELP
#define MICROPY_PY_BUILTINS_HELP (0)
