#include "vector_kernels.h"
int32_t oneiro_plugin_register(const oneiro_host *host) { return host->abi_version == ONEIRO_KERNEL_ABI ? ONEIRO_OK : ONEIRO_ABI_MISMATCH; }
