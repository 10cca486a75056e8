/* The Vector kernel plugin exports one symbol, `oneiro_plugin_register`, declared in the ABI header. */
#ifndef VECTOR_KERNELS_H
#define VECTOR_KERNELS_H

#include <oneiro_kernel.h>

#endif
