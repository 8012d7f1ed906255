/* SPDX-License-Identifier: MIT
 *
 * unfilled: for a large buffer on the stack that is written before it is read. Without this
 * attribute the compiler fills the buffer with zeros (-ftrivial-auto-var-init), which would be most
 * of the time that this program needs to make a cgroup.
 */
#ifndef OSS_CRS_UNFILLED_H
#define OSS_CRS_UNFILLED_H

#define _unfilled_ __attribute__((uninitialized))

#endif
