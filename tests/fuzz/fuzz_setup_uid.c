/* SPDX-License-Identifier: MIT
 *
 * fuzz_setup_uid: use the input as SUDO_UID.
 *
 * Invariants: an accepted UID has only digits, is neither root's nor one of the reserved UIDs
 * 65534, 65535 and -1, and reads the same when it is written out, except for leading zeros.
 */
#include "caller.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = fuzz_text(data, size);
	struct error err = {0};
	uid_t uid = 77;
	if (caller_parse_uid(text, &uid, &err) < 0) {
		check_error(&err, EX_USAGE);
		CHECK(uid == 77);
		return 0;
	}
	CHECK(strspn(text, "0123456789") == strlen(text));
	CHECK(uid != 0 && uid != 65534 && uid != 65535 && uid != (uid_t)-1);
	char digits[16];
	(void)snprintf(digits, sizeof digits, "%u", (unsigned)uid);
	CHECK(strcmp(digits, text + strspn(text, "0")) == 0);
	return 0;
}
