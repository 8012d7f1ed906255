/* SPDX-License-Identifier: MIT
 *
 * test_doc: a YAML document of any shape is read, or refused, in time that is proportional to its
 * length. With libyaml's own document loader each refusal here took seconds. tests/bench/linear
 * measures the time; here the message proves that the bound was hit, not the end of the text.
 */
#include "unit.h"

#include "doc.h"

#define HOSTILE_SIZE 100000

/* `begin`, `unit` over and over for `size` bytes, `end`. The caller frees it. */
static char *make_text(const char *begin, const char *unit, size_t size, const char *end)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	assert_non_null(out);
	(void)fputs(begin, out);
	for (size_t i = 0; i < size; i += strlen(unit))
		(void)fputs(unit, out);
	(void)fputs(end, out);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void assert_doc_refused(const char *text, size_t len, const char *message)
{
	_cleanup_(doc_free) struct doc doc = DOC_NONE;
	struct error err = {0};
	if (doc_load("d.yaml", text, len, &doc, &err) == 0)
		fail_test("not refused: %.64s", text);
	assert_int_equal(err.status, EX_CONFIG);
	assert_contains(err.msg, message);
}

static void assert_doc_accepted(const char *text, size_t len)
{
	_cleanup_(doc_free) struct doc doc = DOC_NONE;
	struct error err = {0};
	assert_ok(doc_load("d.yaml", text, len, &doc, &err), err);
	assert_non_null(doc_root(&doc));
}

TEST(deep_nesting_is_refused_where_the_bound_is_passed)
{
	static const struct {
		const char *unit, *message;
	} table[] = {
		{"[", "d.yaml:1:65: nested more than 64 levels deep"},
		{"{", "d.yaml:1:65: nested more than 64 levels deep"},
		{"[\n", "d.yaml:65:1: nested more than 64 levels deep"},
		{"- ", "d.yaml:1:129: nested more than 64 levels deep"},
		{"? ", "d.yaml:1:129: nested more than 64 levels deep"},
		{"[a: ", "nested more than 64 levels deep"},
		{"{a: ", "nested more than 64 levels deep"},
		{"a: ", "d.yaml:1:5: mapping values are not allowed"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		_cleanup_free_ char *text = make_text("", table[i].unit, HOSTILE_SIZE, "");
		assert_doc_refused(text, strlen(text), table[i].message);
	}
}

/* The text in UTF-16, with its byte order mark. The caller frees it. */
static char *widen(const char *text, bool big, size_t *ret_len)
{
	size_t len = strlen(text);
	char *wide = calloc(len + 1, 2);
	assert_non_null(wide);
	wide[!big] = '\xfe';
	wide[big] = '\xff';
	for (size_t i = 0; i < len; i++)
		wide[2 * i + 2 + big] = text[i];
	*ret_len = 2 * len + 2;
	return wide;
}

static void assert_refused_in_each_encoding(const char *text, const char *message)
{
	assert_doc_refused(text, strlen(text), message);
	for (int big = 0; big < 2; big++) {
		size_t len = 0;
		_cleanup_free_ char *wide = widen(text, big, &len);
		assert_doc_refused(wide, len, message);
	}
}

TEST(many_words_after_a_long_run_of_blanks_are_refused)
{
	static const struct {
		const char *begin, *blank, *word, *end;
	} table[] = {
		{"\"a", " ", "a ", "\""},
		{"a: a", " ", "a ", ""},
		{"'a", " \t\n", "a\n", "'"},
		{"a: |\n a", "\n", " a\n", ""},
		{"a: >\n a", "\r\n", " a\n", ""},
		{"a: a", "\r", " a\n", ""},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		_cleanup_free_ char *half =
			make_text(table[i].begin, table[i].blank, HOSTILE_SIZE, "");
		_cleanup_free_ char *text =
			make_text(half, table[i].word, HOSTILE_SIZE, table[i].end);
		assert_refused_in_each_encoding(
			text, "more than 4096 consecutive blanks and line breaks");
	}
	static const char *const wide[] = {"\xc2\x85", "\xe2\x80\xa8", "\xe2\x80\xa9"};
	for (size_t i = 0; i < COUNT(wide); i++) {
		_cleanup_free_ char *text = make_text("a: |\n a", wide[i], HOSTILE_SIZE, "b");
		assert_doc_refused(
			text, strlen(text), "more than 4096 consecutive blanks and line breaks");
	}
}

TEST(blanks_up_to_the_bound_are_accepted)
{
	_cleanup_free_ char *blanks = make_text("a:", " ", DOC_BLANKS_MAX, "b");
	_cleanup_free_ char *lines = make_text("a: b", "\n", DOC_BLANKS_MAX, "");
	/* No blank: these bytes are parts of other characters. */
	_cleanup_free_ char *letters = make_text("a: ", "\xc3\x85\xe2\x80\xa0", HOSTILE_SIZE, "");
	assert_doc_accepted(blanks, strlen(blanks));
	assert_doc_accepted(lines, strlen(lines));
	assert_doc_accepted(letters, strlen(letters));
}

/* Many are compared with each other; the prefix of one would be copied for each tag. */
TEST(tag_directives_are_refused)
{
	static const char *const refused[] = {
		"%TAG !a! b\n--- a",
		"# c\n%TAG !a! b\n--- a",
		"a: b\n...\n%TAG !a! b\n--- a",
		"a: b\r\n...\r\n%TAG !a! b\r\n--- a",
	};
	static const char *const accepted[] = {
		"%YAML 1.1\n--- a",
		"a: |\n  %TAG !a! b\n",
		"a: b %TAG\n",
	};
	for (size_t i = 0; i < COUNT(refused); i++)
		assert_refused_in_each_encoding(refused[i], "%TAG directives are not supported");
	for (size_t i = 0; i < COUNT(accepted); i++)
		assert_doc_accepted(accepted[i], strlen(accepted[i]));
	static const char marked[] = "\xef\xbb\xbf%TAG !a! b\n--- a";
	assert_doc_refused(marked, sizeof marked - 1, "%TAG directives are not supported");
}

/* A large mapping is searched in another way than a small one. */
TEST(a_value_is_found_by_its_key_in_a_mapping_of_any_size)
{
	static const unsigned counts[] = {0, 1, 32, 33, 1000};
	for (size_t i = 0; i < COUNT(counts); i++) {
		_cleanup_(doc_free) struct doc doc = DOC_NONE;
		_cleanup_free_ char *text = NULL;
		struct error err = {0};
		char key[16];
		size_t len = 0;
		FILE *out = open_memstream(&text, &len);
		assert_non_null(out);
		(void)fputs("{[no, scalar]: x", out);
		for (unsigned j = 0; j < counts[i]; j++)
			(void)fprintf(out, ", k%u: v%u", j * 7 % 1009, j * 7 % 1009);
		(void)fputs("}", out);
		assert_int_equal(fclose(out), 0);
		assert_ok(doc_load("d.yaml", text, len, &doc, &err), err);
		for (unsigned j = 0; j < counts[i]; j++) {
			(void)snprintf(key, sizeof key, "k%u", j * 7 % 1009);
			const char *value = doc_text(doc_get(&doc, doc_root(&doc), key));
			assert_non_null(value);
			assert_string_equal(value + 1, key + 1);
		}
		assert_null(doc_get(&doc, doc_root(&doc), "k"));
		assert_null(doc_get(&doc, doc_root(&doc), "z"));
		assert_null(doc_get(&doc, doc_root(&doc), ""));
	}
}

TEST(an_anchor_stands_for_its_node)
{
	static const char text[] = "a: &x [1, 2]\nb: *x\n*y : 3\n";
	static const char twice[] = "a: &x 1\nb: &x 2\n";
	static const char key[] = "a: &x k\n*x : 1\nk: 2\n";
	_cleanup_(doc_free) struct doc doc = DOC_NONE;
	struct error err = {0};
	struct doc_node *item = NULL;
	assert_doc_refused(text, sizeof text - 1, "d.yaml:3:1: undefined alias");
	assert_doc_refused(
		twice, sizeof twice - 1, "d.yaml:2:4: duplicate anchor 'x' (first used in line 1)");
	assert_doc_refused(key, sizeof key - 1, "duplicate key 'k'");
	assert_ok(doc_load("d.yaml", text, sizeof "a: &x [1, 2]\nb: *x\n" - 1, &doc, &err), err);
	assert_true(doc_item(&doc, doc_get(&doc, doc_root(&doc), "b"), 1, &item));
	assert_string_equal(doc_text(item), "2");
	assert_false(doc_item(&doc, doc_get(&doc, doc_root(&doc), "b"), 2, &item));
}

/* A level is counted once, however it is written. */
TEST(aliases_may_reach_the_deepest_level_and_not_pass_it)
{
	char text[4096] = "a1: &a1 []\n";
	for (unsigned i = 2; i < DOC_DEPTH_MAX; i++) {
		size_t used = strlen(text);
		(void)snprintf(text + used, sizeof text - used, "a%u: &a%u [*a%u]\n", i, i, i - 1);
	}
	assert_doc_accepted(text, strlen(text));
	size_t used = strlen(text);
	(void)snprintf(text + used, sizeof text - used, "b: [*a%d]\n", DOC_DEPTH_MAX - 1);
	assert_doc_refused(text, strlen(text), "nested more than 64 levels deep");
}

TEST(many_anchors_and_aliases_are_read)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	assert_non_null(out);
	for (unsigned i = 0; i < 50000; i++)
		(void)fprintf(out, "- &a%u b\n- *a%u\n", i, i / 2);
	assert_int_equal(fclose(out), 0);
	assert_doc_accepted(text, len);
	free(text);
}

TEST(a_text_larger_than_the_bound_is_refused)
{
	_cleanup_free_ char *text = malloc(DOC_SIZE_MAX + 1);
	assert_non_null(text);
	memset(text, '#', DOC_SIZE_MAX + 1);
	assert_doc_refused(text, DOC_SIZE_MAX + 1, "larger than 4194304 bytes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(deep_nesting_is_refused_where_the_bound_is_passed),
		RUN(many_words_after_a_long_run_of_blanks_are_refused),
		RUN(blanks_up_to_the_bound_are_accepted),
		RUN(tag_directives_are_refused),
		RUN(a_value_is_found_by_its_key_in_a_mapping_of_any_size),
		RUN(an_anchor_stands_for_its_node),
		RUN(aliases_may_reach_the_deepest_level_and_not_pass_it),
		RUN(many_anchors_and_aliases_are_read),
		RUN(a_text_larger_than_the_bound_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
