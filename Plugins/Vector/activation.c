#include "activation.h"

int32_t vector_activation_of(const oneiro_node *node, vector_unary_loop *loop, oneiro_text *why) {
  static const struct { const char *name; vector_unary function; } known[] = {
      {"Gelu", VECTOR_GELU}, {"HardSwish", VECTOR_HARD_SWISH}, {"Relu", VECTOR_RELU}, {"SiLU", VECTOR_SILU},
      {"Sigmoid", VECTOR_SIGMOID}, {"Tanh", VECTOR_TANH}};
  const char *name = oneiro_string(node, "activation", "");
  *loop = NULL;
  if (!*name) return ONEIRO_OK;
  for (size_t index = 0; index < sizeof known / sizeof known[0]; index++)
    if (strcmp(known[index].name, name) == 0) {
      *loop = vector_picked->unary[known[index].function];
      return ONEIRO_OK;
    }
  return vector_refuse(why, "activation is %s", name);
}
