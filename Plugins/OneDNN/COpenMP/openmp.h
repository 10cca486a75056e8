/* What the plugin calls of GNU OpenMP, which oneDNN runs on; Debian has no header for it outside a compiler. */
#ifndef ONEIRO_OPENMP_H
#define ONEIRO_OPENMP_H

/* How many threads parallel regions that the calling thread starts may have. */
void omp_set_num_threads(int threads);

#endif
