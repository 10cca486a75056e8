/* glibc's own functions of the heap, which Swift's module Glibc leaves out. */
#include <malloc.h>
