/* SPDX-License-Identifier: MIT
 *
 * ask: one request per function.
 */
#include "ask.h"

#include "cleanup.h"
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

int ask_docker(
	int door, enum docker_question question, char **ret, size_t *ret_len, struct error *err)
{
	const struct door_message request = {.what = DOOR_DOCKER, .number = question};
	int file = -1;
	if (door_ask(door, &request, NULL, NULL, &file, err) < 0)
		return -1;
	_cleanup_close_ int owned = file;
	return door_read(owned, CONNECTOR_ANSWER_MAX, ret, ret_len, err);
}
