// The kernel takes other arguments. SPDX-License-Identifier: MIT
__global__ void scores_naive(double* Q) { Q[0] = 1; }
