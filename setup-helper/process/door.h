/* SPDX-License-Identifier: MIT
 *
 * door: how the processes of oss-crs-setup talk to each other (main.c says which there are). Each
 * message is one struct of a fixed size on a SOCK_SEQPACKET socket, so there is nothing to parse.
 * A longer text travels as a descriptor of a sealed memory file, which its sender can no longer
 * change.
 *
 * Rests on unix(7) and memfd_create(2). Nothing that arrives is trusted: the text has a NUL, an
 * error is taken by error_take(), and the receiver owns all descriptors.
 */
#ifndef OSS_CRS_SETUP_DOOR_H
#define OSS_CRS_SETUP_DOOR_H

#include "error.h"

#include <stddef.h>
#include <stdint.h>

#define DOOR_TEXT_MAX  320 /* bytes of a message's text, with its NUL */
#define DOOR_FILES_MAX 2

/* What a message is about. The worker asks root, root asks the speaker. */
enum door_what {
	DOOR_DAEMON_JSON = 1, /* open daemon.json, or its backup if `number` is 1 */
	DOOR_RECORD,          /* open the first record of the undo journal after `number` */
	DOOR_DOCKER,          /* ask Docker; `number` is one of enum docker_question */
	DOOR_LOCK,            /* take the lock */
	DOOR_STEP,            /* add a step to the plan; its texts before and after are files */
	DOOR_APPLY,           /* carry out the plan */
	DOOR_BUS,             /* call systemd or logind; `number` is one of enum bus_call */
	/* from root, between DOOR_APPLY and its answer; `number` is the place of the step */
	DOOR_BEGUN, /* the step begins */
	DOOR_LEFT,  /* the step was left undone, for the reason in err */
	DOOR_LOG,   /* the last lines that Docker logged are in the file */
	DOOR_ANSWER,
};

/* The texts that come as files with DOOR_STEP, in `number`, or-ed. */
#define DOOR_HAS_BEFORE 1U
#define DOOR_HAS_AFTER  2U

struct door_message {
	uint32_t what; /* enum door_what */
	uint32_t number;
	uint32_t kind; /* enum step_kind */
	uint32_t uid;
	uint32_t gid;
	uint32_t mode;
	uint32_t record;
	uint32_t undoes;
	uint32_t failed; /* of an answer: err says why */
	char text[DOOR_TEXT_MAX];
	struct error err;
};

/* Files that came with a message: closed at the end of the scope. */
void door_close_files(int (*files)[DOOR_FILES_MAX]);
#define _cleanup_door_files_ __attribute__((cleanup(door_close_files)))
#define DOOR_NO_FILES  \
	{              \
		-1, -1 \
	}

/* Make the two ends of a door; the caller closes both. With timeout_s, sending and receiving on
 * ret[0] give up after so many seconds. */
int door_make(int ret[2], unsigned timeout_s, struct error *err);

/* Send a message with up to DOOR_FILES_MAX files; a file of -1 ends the list. */
int door_send(int door, const struct door_message *message, const int *files, struct error *err);

/* Receive a message and its files, which are -1 where there is none; the caller closes them.
 * Returns 1, 0 if the other side has ended, or -1. A message of any other size, or with more
 * files, is EX_SOFTWARE; ETIMEDOUT if none came in time. */
int door_receive(
	int door, struct door_message *ret, int ret_files[DOOR_FILES_MAX], struct error *err);

/* Send a request and receive its answer. An error of the other side is returned in err as if it
 * had happened here. *ret_number, if not NULL, becomes the number of the answer, and *ret_file the
 * file that came with it, or -1. */
int door_ask(int door, const struct door_message *request, const int *files, uint32_t *ret_number,
	int *ret_file, struct error *err);

/* A request that came in. Its files are open until it is answered. */
struct door_incoming {
	const struct door_message *message;
	const int *files; /* DOOR_FILES_MAX; -1 where there is none */
	struct door_message *answer;
	int file; /* goes out with the answer, and is closed then; -1: none */
};

/* Answer one request after the other until the other side ends. wait(), if not NULL, is called
 * before each is received. Its failure, and that of the door, is one of this function; what
 * answer() fails with goes out. */
int door_serve(int door, int (*wait)(void *arg, struct error *err),
	int (*answer)(void *arg, struct door_incoming *in, struct error *err), void *arg,
	struct error *err);

/* Make a sealed memory file of len bytes. Returns a descriptor that the caller closes, or -1. The
 * other three are its parts, for a file that another process writes: make an empty one, write to
 * it, and seal it, which also sets its place to the beginning. */
int door_file(const void *data, size_t len, struct error *err);
int door_new_file(struct error *err);
int door_write(int file, const void *data, size_t len, struct error *err);
int door_seal(int file, struct error *err);

/* Send a file alone, with no bytes, over the socket of another program. */
int door_pass(int socket, int file, struct error *err);

/* Read a file that door_file() has made, of at most max bytes, as fs_read_fd() does. Any other
 * file, which could change or keep the reader waiting, is EX_SOFTWARE. */
int door_read(int file, size_t max, char **ret, size_t *ret_len, struct error *err);

#endif
