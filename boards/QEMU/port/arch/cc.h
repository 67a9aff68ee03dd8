// Compiler and platform of lwIP.
#pragma once
#include <assert.h>

#define LWIP_NO_CTYPE_H 1
#define LWIP_PLATFORM_DIAG(message)
#define LWIP_PLATFORM_ASSERT(message) assert(0)
