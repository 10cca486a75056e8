#ifndef ONEIRO_CDNNL_SHIM_H
#define ONEIRO_CDNNL_SHIM_H

#include <oneapi/dnnl/dnnl.h>
#include <stdint.h>

/* A flag that threads pass among themselves: whoever turns it from 0 to 1 owns what it guards until clearing it. */
static inline int oneiro_flag_try_set(int32_t *flag) { return __atomic_exchange_n(flag, 1, __ATOMIC_ACQUIRE) == 0; }
static inline void oneiro_flag_clear(int32_t *flag) { __atomic_store_n(flag, 0, __ATOMIC_RELEASE); }

#endif
