/* SPDX-License-Identifier: GPL-2.0 */
/* A test is a function; an expectation that fails is told and remembered. */
#ifndef _DAMON_KTAP_H
#define _DAMON_KTAP_H

#include <stdbool.h>

struct ktap_test {
	const char *name;
	void (*run)(void);
};

/* Returns @ok. */
bool ktap_expect(bool ok, const char *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

#define EXPECT(cond) ktap_expect(cond, __FILE__, __LINE__, "%s", #cond)

#define EXPECT_OP(a, op, b) ({						\
	long long __a = (a), __b = (b);					\
	ktap_expect(__a op __b, __FILE__, __LINE__, "%s (%lld) %s %s (%lld)", \
		    #a, __a, #op, #b, __b);				\
})

#define EXPECT_EQ(a, b)	EXPECT_OP(a, ==, b)

/* What is said is NULL, or a text that tells what is wrong. */
#define EXPECT_NULL(text) ({						\
	const char *__t = (text);					\
	ktap_expect(!__t, __FILE__, __LINE__, "%s: %s", #text, __t);	\
})

/* Each ends with an element without a name. */
extern const struct ktap_test region_tests[];
extern const struct ktap_test adapt_tests[];
extern const struct ktap_test config_tests[];
extern const struct ktap_test nomem_tests[];
extern const struct ktap_test sequence_tests[];
extern const struct ktap_test accuracy_tests[];
extern const struct ktap_test survey_tests[];
extern const struct ktap_test windows_tests[];

#endif	/* _DAMON_KTAP_H */
