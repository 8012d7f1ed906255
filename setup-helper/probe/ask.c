/* SPDX-License-Identifier: MIT
 *
 * ask: one request per function.
 */
#include "ask.h"

#include "door.h"

int ask_daemon_json(int door, int backup, int *ret_file, struct error *err)
{
	const struct door_message request = {.what = DOOR_DAEMON_JSON, .number = backup != 0};
	return door_ask(door, &request, NULL, NULL, ret_file, err);
}

int ask_record(int door, unsigned after, unsigned *ret_number, int *ret_file, struct error *err)
{
	const struct door_message request = {.what = DOOR_RECORD, .number = after};
	return door_ask(door, &request, NULL, ret_number, ret_file, err);
}
