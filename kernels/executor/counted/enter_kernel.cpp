// With inline notes, r15 is the log's next cell as long as a kernel runs (inline_notes.hpp).
// SPDX-License-Identifier: MIT
#include "kernels/executor/counted/enter_kernel.hpp"

#include "kernels/executor/counted/log.hpp"

// Heads are distances from here.
asm(R"(
	.text
	.globl	alab_log_anchor
alab_log_anchor:
)");

#if defined(ALAB_INLINE_NOTES)

static_assert(offsetof(alab::counted::Log, next) == 0);

extern "C" void alab_enter_kernel(void (*invoke)(const void*), const void* call);

// alab_log_full is called where the compiler saw a call of one argument, which it must leave as it is, that
// keeps xmm8 to xmm15 (keep_registers.hpp).
asm(R"(
	.text
	.globl	alab_enter_kernel
	.type	alab_enter_kernel, @function
alab_enter_kernel:
	.cfi_startproc
	pushq	%r15
	.cfi_def_cfa_offset 16
	.cfi_offset 15, -16
	movq	_ZN4alab7counted5t_logE@gottpoff(%rip), %rax
	movq	%fs:(%rax), %r15
	movq	%rdi, %rax
	movq	%rsi, %rdi
	call	*%rax
	movq	_ZN4alab7counted5t_logE@gottpoff(%rip), %rax
	movq	%r15, %fs:(%rax)
	popq	%r15
	.cfi_def_cfa_offset 8
	ret
	.cfi_endproc
	.size	alab_enter_kernel, .-alab_enter_kernel

	.globl	alab_log_full
	.type	alab_log_full, @function
alab_log_full:
	.cfi_startproc
	subq	$136, %rsp
	.cfi_def_cfa_offset 144
	movq	%rdi, 128(%rsp)
	movups	%xmm8, (%rsp)
	movups	%xmm9, 16(%rsp)
	movups	%xmm10, 32(%rsp)
	movups	%xmm11, 48(%rsp)
	movups	%xmm12, 64(%rsp)
	movups	%xmm13, 80(%rsp)
	movups	%xmm14, 96(%rsp)
	movups	%xmm15, 112(%rsp)
	movq	_ZN4alab7counted5t_logE@gottpoff(%rip), %rax
	movq	%r15, %fs:(%rax)
	call	_ZN4alab7counted11log_is_fullEv
	movq	_ZN4alab7counted5t_logE@gottpoff(%rip), %rax
	movq	%fs:(%rax), %r15
	movups	(%rsp), %xmm8
	movups	16(%rsp), %xmm9
	movups	32(%rsp), %xmm10
	movups	48(%rsp), %xmm11
	movups	64(%rsp), %xmm12
	movups	80(%rsp), %xmm13
	movups	96(%rsp), %xmm14
	movups	112(%rsp), %xmm15
	movq	128(%rsp), %rdi
	addq	$136, %rsp
	.cfi_def_cfa_offset 8
	ret
	.cfi_endproc
	.size	alab_log_full, .-alab_log_full
)");

#endif

namespace alab::counted {

void enter_kernel(const void* kernel_entry) {
  const auto& entry = *static_cast<const KernelEntry*>(kernel_entry);
#if defined(ALAB_INLINE_NOTES)
  alab_enter_kernel(entry.invoke, entry.call);
#else
  entry.invoke(entry.call);
#endif
}

}  // namespace alab::counted
