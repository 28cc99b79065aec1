// Exercise 1C. One step of decoding: one query against all keys and values so far.
//
// q and o are [heads][d]. Kc and Vc are [heads][tmax][d]: the cache has room for tmax tokens, t of them are
// there. What lies behind the first t rows of a head must not be read. One block of 128 threads per head
// (blockIdx.x). Shared memory: tmax + d + 32 floats, in three parts.
__global__ void decode_step(const float* q, const float* Kc, const float* Vc, float* o, int t, int tmax,
                            int d, float scale) {
  extern __shared__ float shared[];
  float* p = shared;             // [tmax], scores, then weights
  float* q_row = shared + tmax;  // [d], the query
  float* warps = q_row + d;      // [32], one number per warp, to agree on a maximum or a sum

  // FILL 1: copy this head's query to q_row. Who may read it, and when?

  // FILL 2: a thread per key: p[j] = scale * (query . key j), for j = threadIdx.x, threadIdx.x + 128, ...
  // below t.

  // FILL 3: the largest of all t scores, known to all threads.

  // FILL 4: p[j] = exp(p[j] - largest), and the sum of all t of them.

  // FILL 5: a thread per column c: o[c] = sum over j of p[j] * value[j][c], divided by the sum.
}
