// Compiler and platform of lwIP.
#pragma once
#include <assert.h>

#define LWIP_NO_CTYPE_H 1
#define LWIP_PLATFORM_DIAG(message)
#define LWIP_PLATFORM_ASSERT(message) assert(0)

// The processor has instructions for the order of bytes.
#define lwip_htons(value) __builtin_bswap16(value)
#define lwip_htonl(value) __builtin_bswap32(value)
