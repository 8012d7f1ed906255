/* SPDX-License-Identifier: MIT
 *
 * activity: a look sees only the present, so a process that came and went between two looks shows
 * as a change alone.
 */
#include "activity.h"

bool activity_note(struct activity *activity, bool populated, bool changed, uint64_t now_usec)
{
	bool emptied = !populated && (activity->populated || changed);
	if ((populated || emptied) && activity->begin_usec == 0)
		activity->begin_usec = now_usec;
	if (emptied)
		activity->end_usec = now_usec;
	activity->populated = populated;
	return emptied;
}

uint64_t activity_usec(const struct activity *activity, uint64_t now_usec)
{
	if (activity->begin_usec == 0)
		return UINT64_MAX;
	return (activity->populated ? now_usec : activity->end_usec) - activity->begin_usec;
}
