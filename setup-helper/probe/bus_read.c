/* SPDX-License-Identifier: MIT
 *
 * bus_read: properties of units and users, and the readers that turn a reply into text.
 */
#include "bus_read.h"

#include "bus_message.h"

#include <errno.h>
#include <stdint.h>

static int unit_object_path(const char *unit, char **ret, struct error *err)
{
	int r = sd_bus_path_encode(SYSTEMD_PATH "/unit", unit, ret);
	return r < 0 ? fail(err, -r, "unit %s", unit) : 0;
}

static int get_property(sd_bus *bus, const char *unit, const char *interface, const char *property,
	const char *type, sd_bus_message **ret, struct error *err)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	if (unit_object_path(unit, &path, err) < 0)
		return -1;
	int r = sd_bus_get_property(bus, SYSTEMD, path, interface, property, &error, ret, type);
	if (r < 0) {
		(void)bus_fail(err, r, &error, property);
		return add_context(err, "%s", unit);
	}
	return 0;
}

int bus_text(sd_bus *bus, const char *unit, const char *interface, const char *property, char **ret,
	struct error *err)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	const char *text = NULL;
	if (get_property(bus, unit, interface, property, "s", &reply, err) < 0)
		return -1;
	int r = sd_bus_message_read(reply, "s", &text);
	if (r < 0)
		return fail(err, -r, "read %s of %s", property, unit);
	char *copy = strdup(text);
	if (!copy)
		return fail(err, ENOMEM, "read %s of %s", property, unit);
	*ret = copy;
	return 0;
}

/* Copy a one-word property of a unit to buf. */
static int get_state_word(sd_bus *bus, const char *unit, const char *property, char *buf,
	size_t size, struct error *err)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	const char *text = NULL;
	if (get_property(bus, unit, SYSTEMD ".Unit", property, "s", &reply, err) < 0)
		return -1;
	int r = sd_bus_message_read(reply, "s", &text);
	if (r < 0)
		return fail(err, -r, "read %s of %s", property, unit);
	(void)snprintf(buf, size, "%s", text);
	return 0;
}

int bus_unit_state(sd_bus *bus, const char *unit, struct unit_state *ret, struct error *err)
{
	char load[32] = "";
	struct unit_state state = {0};
	_cleanup_message_ sd_bus_message *reply = NULL;
	int stale = 0;
	if (get_state_word(bus, unit, "LoadState", load, sizeof load, err) < 0 ||
		get_state_word(bus, unit, "ActiveState", state.active_text,
			sizeof state.active_text, err) < 0 ||
		get_property(bus, unit, SYSTEMD ".Unit", "NeedDaemonReload", "b", &reply, err) < 0)
		return -1;
	int r = sd_bus_message_read(reply, "b", &stale);
	if (r < 0)
		return fail(err, -r, "read the state of %s", unit);
	state.installed = strcmp(load, "loaded") == 0;
	state.active = strcmp(state.active_text, "active") == 0 ||
		       strcmp(state.active_text, "reloading") == 0;
	state.stale = stale;
	*ret = state;
	return 0;
}

/* Read the strings up to the end of the container, one per line. */
static int read_lines(sd_bus_message *message, FILE *out)
{
	const char *text = NULL;
	int r = 0;
	while ((r = sd_bus_message_read(message, "s", &text)) > 0)
		(void)fprintf(out, "%s\n", text);
	return r;
}

static int read_string_list(sd_bus_message *message, FILE *out)
{
	int r = sd_bus_message_enter_container(message, 'a', "s");
	return r < 0 ? r : read_lines(message, out);
}

static int read_commands(sd_bus_message *message, FILE *out)
{
	int r = sd_bus_message_enter_container(message, 'a', "(sasbttttuii)");
	if (r < 0)
		return r;
	while ((r = sd_bus_message_enter_container(message, 'r', "sasbttttuii")) > 0) {
		if ((r = sd_bus_message_skip(message, "s")) < 0 ||
			(r = read_string_list(message, out)) < 0 ||
			(r = sd_bus_message_exit_container(message)) < 0 ||
			(r = sd_bus_message_skip(message, "bttttuii")) < 0 ||
			(r = sd_bus_message_exit_container(message)) < 0)
			return r;
	}
	return r;
}

static int read_files(sd_bus_message *message, FILE *out)
{
	const char *file = NULL;
	int optional = 0;
	int r = sd_bus_message_enter_container(message, 'a', "(sb)");
	if (r < 0)
		return r;
	while ((r = sd_bus_message_read(message, "(sb)", &file, &optional)) > 0)
		(void)fprintf(out, "%s\n", file);
	return r;
}

/* Read a property into one string. `reader` reads the property's type. */
static int read_property_lines(sd_bus *bus, const char *unit, const char *interface,
	const char *property, const char *type, int (*reader)(sd_bus_message *, FILE *), char **ret,
	struct error *err)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	_cleanup_free_ char *text = NULL;
	size_t size = 0;
	if (get_property(bus, unit, interface, property, type, &reply, err) < 0)
		return -1;
	FILE *out = open_memstream(&text, &size);
	if (!out)
		return fail(err, errno, "read %s of %s", property, unit);
	int r = reader(reply, out);
	if (fclose(out) != 0)
		return fail(err, errno, "read %s of %s", property, unit);
	if (r < 0)
		return fail(err, -r, "read %s of %s", property, unit);
	*ret = steal_ptr(text);
	return 0;
}

int bus_text_list(sd_bus *bus, const char *unit, const char *interface, const char *property,
	char **ret, struct error *err)
{
	return read_property_lines(
		bus, unit, interface, property, "as", read_string_list, ret, err);
}

int bus_has_dropin(sd_bus *bus, const char *unit, const char *path, bool *ret, struct error *err)
{
	_cleanup_free_ char *paths = NULL;
	size_t len = strlen(path);
	if (bus_text_list(bus, unit, SYSTEMD ".Unit", "DropInPaths", &paths, err) < 0)
		return -1;
	bool found = false;
	for (const char *line = paths ? paths : ""; *line && !found;
		line += strcspn(line, "\n") + 1)
		found = strncmp(line, path, len) == 0 && line[len] == '\n';
	*ret = found;
	return 0;
}

int bus_exec_start(sd_bus *bus, const char *unit, char **ret, struct error *err)
{
	return read_property_lines(bus, unit, SYSTEMD ".Service", "ExecStart", "a(sasbttttuii)",
		read_commands, ret, err);
}

int bus_environment_files(sd_bus *bus, const char *unit, char **ret, struct error *err)
{
	return read_property_lines(
		bus, unit, SYSTEMD ".Service", "EnvironmentFiles", "a(sb)", read_files, ret, err);
}

/* Whether logind has no such user, or has no more since it named the user's object: one who is
 * logged in nowhere and does not linger. */
static bool is_unknown_user(const sd_bus_error *error)
{
	return sd_bus_error_has_name(error, LOGIND ".NoSuchUser") ||
	       sd_bus_error_has_name(error, SD_BUS_ERROR_UNKNOWN_OBJECT);
}

int bus_lingers(sd_bus *bus, uid_t uid, bool *ret, struct error *err)
{
	_cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_message_ sd_bus_message *reply = NULL;
	const char *path = NULL;
	int lingers = 0;
	int r = sd_bus_call_method(bus, LOGIND, LOGIND_PATH, LOGIND_MANAGER, "GetUser", &error,
		&reply, "u", (uint32_t)uid);
	if (r >= 0)
		r = sd_bus_message_read(reply, "o", &path);
	if (r >= 0)
		r = sd_bus_get_property_trivial(
			bus, LOGIND, path, LOGIND ".User", "Linger", &error, 'b', &lingers);
	if (r < 0 && !is_unknown_user(&error))
		return bus_fail(err, r, &error, "ask logind whether the user lingers");
	*ret = lingers;
	return 0;
}
