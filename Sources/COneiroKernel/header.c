#include "oneiro_kernel.h"
