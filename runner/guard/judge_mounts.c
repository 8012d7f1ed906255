/* SPDX-License-Identifier: MIT
 *
 * judge_mounts: what a container may have mounted: paths and volumes that the CRS's own services
 * have, in the same words and no more writable; volumes that the CRS has made; volumes without a
 * name; tmpfs. A path below one of those is refused, because the engine follows symbolic links and
 * the CRS may write them there.
 *
 * The engine's socket becomes the guard's.
 *
 * Podman puts all of this into the words of its command line, and takes them apart again: at the
 * commas of --mount and the colons of --volume.
 */
#include "judge_parts.h"

#include "cleanup.h"
#include "compose_guard.h"

#include <errno.h>

#define NOT_MOUNTED "not mounted in the CRS's own services"
#define READ_ONLY   "read-only in the CRS's own services"

static bool is_socket(const struct judge_scope *scope, const char *path)
{
	return strcmp(path, JUDGE_SOCKET) == 0 || strcmp(path, scope->socket) == 0 ||
	       compose_guard_is_socket(path, scope->engine_socket);
}

/* Judge the source of a mount, and set *ret to the one that is sent on. */
static int judge_source(struct judging *judging, const char *where, const char *source,
	bool writable, const char **ret, struct error *err)
{
	const struct judge_scope *scope = judging->scope;
	const struct judge_mount *mount = NULL;
	*ret = source;
	if (is_socket(scope, source)) {
		*ret = scope->socket;
		return 0;
	}
	for (size_t i = 0; i < scope->mount_count; i++)
		if (strcmp(scope->mounts[i].source, source) == 0 &&
			(!mount || scope->mounts[i].writable))
			mount = &scope->mounts[i];
	if (mount)
		return mount->writable || !writable
			       ? 0
			       : fail_as(err, EX_NOPERM, "%s '%.200s': " READ_ONLY, where, source);
	if (strchr(source, '/'))
		return fail_as(err, EX_NOPERM, "%s '%.200s': " NOT_MOUNTED, where, source);
	return judge_name(judging, where, source, err) < 0
		       ? -1
		       : judging->lookup->volume(judging->lookup->data, source, true, err);
}

static const char *const bind_options[] = {"Z", "cached", "consistent", "delegated", "nocopy",
	"private", "ro", "rprivate", "rw", "z", NULL};

/* "SOURCE:TARGET:OPTIONS", or "TARGET", which is a volume without a name. */
static int judge_bind(struct judging *judging, const char *where, const json_t *bind, json_t **ret,
	struct error *err)
{
	const char *text = json_string_value(bind);
	_cleanup_free_ char *copy = text ? strdup(text) : NULL;
	if (!copy)
		return judge_refuse(where, bind, "not a text", err);
	char *target = strchr(copy, ':');
	*ret = NULL;
	if (!target)
		return 0;
	*target++ = '\0';
	char *options = strchr(target, ':');
	if (options)
		*options++ = '\0';
	if (!*copy || *target != '/' || (options && !text_has_only(options, bind_options)))
		return judge_refuse(where, bind, "not SOURCE:TARGET with known options", err);
	const char *source = NULL;
	if (judge_source(judging, where, copy, !(options && text_has_option(options, "ro")),
		    &source, err) < 0)
		return -1;
	*ret = json_sprintf(
		"%s:%s%s%s", source, target, options ? ":" : "", options ? options : "");
	return *ret ? 0 : fail(err, ENOMEM, "%s", where);
}

int judge_binds(struct judging *judging, const char *where, json_t **value, struct error *err)
{
	size_t i = 0;
	const json_t *item = NULL;
	if (!json_is_array(*value))
		return judge_refuse(where, *value, "not a list", err);
	json_array_foreach (*value, i, item) {
		json_t *replacement = NULL;
		if (judge_bind(judging, where, item, &replacement, err) < 0)
			return -1;
		if (replacement && json_array_set_new(*value, i, replacement) < 0)
			return fail(err, ENOMEM, "%s", where);
	}
	return 0;
}

/* ---- HostConfig.Mounts ----------------------------------------------------------------------- */

static const struct key_row bind_rows[] = {
	ROW_PASS("NonRecursive"),
	ROW_WORDS("Propagation", "a mode that others could see", "private", "rprivate"),
	ROW_PASS("ReadOnlyForceRecursive"),
};

static const struct key_rows bind_table = KEY_ROWS("HostConfig.Mounts.BindOptions", bind_rows);

static int judge_bind_options(
	struct judging *judging, const char *where, json_t **value, struct error *err)
{
	(void)where;
	return judge_object(judging, &bind_table, *value, err);
}

static const struct key_row driver_rows[] = {
	ROW_WORDS("Name", "a volume driver that may mount anything", "local"),
};

static const struct key_rows driver_table =
	KEY_ROWS("HostConfig.Mounts.VolumeOptions.DriverConfig", driver_rows);

static const struct key_row volume_rows[] = {
	ROW_PASS("DriverConfig"), /* judged by judge_volume_options() */
	ROW_PASS("NoCopy"),
};

static const struct key_rows volume_table =
	KEY_ROWS("HostConfig.Mounts.VolumeOptions", volume_rows);

static int judge_volume_options(
	struct judging *judging, const char *where, json_t **value, struct error *err)
{
	(void)where;
	if (judge_object(judging, &volume_table, *value, err) < 0)
		return -1;
	json_t *config = json_object_get(*value, "DriverConfig");
	return config ? judge_object(judging, &driver_table, config, err) : 0;
}

/* A text that is one word of --mount (RFC 4180). */
static int judge_word(struct judging *judging, const char *where, json_t **value, struct error *err)
{
	const char *text = json_string_value(*value);
	(void)judging;
	return text && !text[strcspn(text, ",\"\r\n")]
		       ? 0
		       : judge_refuse(where, *value, "Podman would take it apart", err);
}

static const struct key_row mount_rows[] = {
	ROW_CHECK("BindOptions", judge_bind_options),
	ROW_WORDS("Consistency", "unknown to this program", "cached", "consistent", "default",
		"delegated"),
	ROW_PASS("ReadOnly"),
	ROW_CHECK("Source", judge_word), /* and by judge_mount() */
	ROW_CHECK("Target", judge_word),
	ROW_PASS("TmpfsOptions"), /* its memory is the CRS's */
	ROW_WORDS("Type", "a mount unknown to this program", "bind", "tmpfs", "volume"),
	ROW_CHECK("VolumeOptions", judge_volume_options),
};

static const struct key_rows mount_table = KEY_ROWS("HostConfig.Mounts", mount_rows);

static int judge_mount(struct judging *judging, const char *where, json_t *mount, struct error *err)
{
	if (judge_object(judging, &mount_table, mount, err) < 0)
		return -1;
	const json_t *source = json_object_get(mount, "Source");
	const char *text = json_string_value(source);
	const char *type = json_string_value(json_object_get(mount, "Type"));
	const char *judged = NULL;
	if (!type)
		return judge_refuse(where, mount, "a mount without a type", err);
	/* Podman would bind the path of the target. */
	if (!source)
		return strcmp(type, "bind") != 0
			       ? 0
			       : judge_refuse(where, mount, "a bind mount without a source", err);
	bool path = text && *text == '/';
	bool volume = strcmp(type, "volume") == 0;
	/* A path is not the name of a volume, and the reverse. */
	if (!text || strcmp(type, "tmpfs") == 0 || path == volume)
		return judge_refuse(where, mount, "a source that does not fit the type", err);
	if (judge_source(judging, where, text, !json_is_true(json_object_get(mount, "ReadOnly")),
		    &judged, err) < 0)
		return -1;
	return json_object_set_new(mount, "Source", json_string(judged)) < 0
		       ? fail(err, ENOMEM, "%s", where)
		       : 0;
}

int judge_mounts(struct judging *judging, const char *where, json_t **value, struct error *err)
{
	size_t i = 0;
	json_t *item = NULL;
	if (!json_is_array(*value))
		return judge_refuse(where, *value, "not a list", err);
	json_array_foreach (*value, i, item)
		if (judge_mount(judging, where, item, err) < 0)
			return -1;
	return 0;
}

/* The keys are paths in the container. */
int judge_anonymous(struct judging *judging, const char *where, json_t **value, struct error *err)
{
	const char *key = NULL;
	const json_t *item = NULL;
	(void)judging;
	if (!json_is_object(*value))
		return judge_refuse(where, *value, "not an object", err);
	json_object_foreach (*value, key, item)
		if (*key != '/' || strchr(key, ':'))
			return judge_refuse(where, *value,
				"not a path: Podman would take it for SOURCE:TARGET", err);
	return 0;
}
