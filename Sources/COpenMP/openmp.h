/* The entry points of GNU OpenMP's run time that Oneiro calls by hand. oneDNN runs on this library, so sharing it keeps
 * one pool of threads in the process instead of two that fight for the same cores. `GOMP_parallel` is what GCC compiles
 * a parallel region into; it has been stable since GOMP_4.0. */
#ifndef ONEIRO_OPENMP_H
#define ONEIRO_OPENMP_H

/* Runs body(argument) on `threads` threads, the calling one included, and returns when all have ended. */
void GOMP_parallel(void (*body)(void *), void *argument, unsigned threads, unsigned flags);
/* Processors in this process's affinity mask. */
int omp_get_num_procs(void);
int omp_get_thread_num(void);
int omp_get_num_threads(void);
void omp_set_num_threads(int threads);

#endif
