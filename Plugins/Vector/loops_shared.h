/* Headers that the loops need. They come before the level's target attribute, so that it does not reach them. */
#ifndef VECTOR_LOOPS_SHARED_H
#define VECTOR_LOOPS_SHARED_H

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#include "loops.h"
#include "window.h"

#endif
