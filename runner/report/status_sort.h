/* SPDX-License-Identifier: MIT
 *
 * status_sort: the order in which the live view shows the CRSs of each run.
 */
#ifndef OSS_CRS_STATUS_SORT_H
#define OSS_CRS_STATUS_SORT_H

#include "status.h"

enum status_order {
	STATUS_BY_NAME, /* the order of status_read(), in which status_find() searches */
	STATUS_BY_CPU,  /* the most CPU use since the previous status first; the others likewise */
	STATUS_BY_MEMORY,
	STATUS_BY_PRESSURE,
	STATUS_BY_KILLS,
	STATUS_ORDERS,
};

/* "name", "CPU use", "memory", "pressure", "OOM kills". */
const char *status_order_name(enum status_order order);

/* Sort the CRSs of each run. Those whose figure is unknown are last, and equal ones are in the
 * order of their names. before is the previous status, in STATUS_BY_NAME; NULL if there is none. */
void status_sort(struct status *status, const struct status *before, enum status_order order);

#endif
