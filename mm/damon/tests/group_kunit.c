// SPDX-License-Identifier: GPL-2.0
/* Targets that stand for several address spaces: numbers, limits, checks, commits. */
#include <linux/pid.h>
#include <linux/sched.h>

#include "util.h"

struct group_test {
	struct damon_ctx *ctx, *src;
};

static int group_init(struct kunit *test)
{
	struct group_test *g = kunit_kzalloc(test, sizeof(*g), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, g);
	test->priv = g;
	g->ctx = test_new_ctx(test);
	g->src = test_new_ctx(test);
	return 0;
}

/* A target for the tests' own process and its descendants. */
static struct damon_target *group_new(struct kunit *test, struct damon_ctx *ctx)
{
	struct damon_target *t = test_new_target(test, ctx);

	t->pid = get_task_pid(current, PIDTYPE_PID);
	damon_target_follow_children(t);
	return t;
}

/* A member as the operations would make it. */
static struct damon_target *group_add_member(struct kunit *test,
					     struct damon_target *group)
{
	struct damon_target *t = damon_new_target();

	KUNIT_ASSERT_NOT_NULL(test, t);
	t->pid = get_pid(group->pid);
	damon_target_state(t)->member_of = group;
	list_add_tail(&t->list, &group->list);
	return t;
}

static void group_numbers(struct kunit *test)
{
	struct group_test *g = test->priv;
	struct damon_target *first = test_new_target(test, g->ctx);
	struct damon_target *group = group_new(test, g->ctx);
	struct damon_target *last = test_new_target(test, g->ctx);
	struct damon_target *a = group_add_member(test, group);
	struct damon_target *b = group_add_member(test, group);
	unsigned long pid = pid_nr(group->pid);

	KUNIT_EXPECT_EQ(test, damon_target_idx(g->ctx, first), 0);
	KUNIT_EXPECT_EQ(test, damon_target_idx(g->ctx, group), 1);
	KUNIT_EXPECT_EQ(test, damon_target_idx(g->ctx, a), 1);
	KUNIT_EXPECT_EQ(test, damon_target_idx(g->ctx, b), 1);
	KUNIT_EXPECT_EQ(test, damon_target_idx(g->ctx, last), 2);
	KUNIT_EXPECT_PTR_EQ(test, damon_target_group(a), group);
	KUNIT_EXPECT_NULL(test, damon_target_group(group));
	KUNIT_EXPECT_NULL(test, damon_target_group(last));
	KUNIT_EXPECT_EQ(test, damon_target_trace_id(last, 2), 2);
	KUNIT_EXPECT_EQ(test, damon_target_trace_id(group, 1), 1);
	KUNIT_EXPECT_EQ(test, damon_target_trace_id(a, 1),
			1 | pid << BITS_PER_LONG / 2);
	/* The members go with it, the others stay. */
	damon_destroy_target(group, g->ctx);
	KUNIT_EXPECT_EQ(test, list_count_nodes(&g->ctx->adaptive_targets), 2);
	KUNIT_EXPECT_EQ(test, damon_target_idx(g->ctx, last), 1);
}

/* Who walks the targets and destroys them need not know of groups. */
static void group_destroy_all(struct kunit *test)
{
	struct group_test *g = test->priv;
	struct damon_target *group = group_new(test, g->ctx), *t, *next;

	group_add_member(test, group);
	group_add_member(test, group);
	test_new_target(test, g->ctx);
	damon_for_each_target_safe(t, next, g->ctx)
		damon_destroy_target(t, g->ctx);
	KUNIT_EXPECT_TRUE(test, damon_targets_empty(g->ctx));
}

static void group_share(struct kunit *test)
{
	struct group_test *g = test->priv;
	struct damon_target *group = group_new(test, g->ctx);
	struct damon_target *large, *small;

	KUNIT_EXPECT_EQ(test, damon_member_share(g->ctx), UINT_MAX);
	large = group_add_member(test, group);
	small = group_add_member(test, group);
	g->ctx->min_nr_regions = 20;
	g->ctx->max_nr_regions = 20;
	KUNIT_EXPECT_EQ(test, damon_member_share(g->ctx), 10);
	test_add_pages(test, large, 0, 1000);
	test_add_pages(test, small, 0, 1000);
	damon_bounds_enforce(g->ctx);
	KUNIT_EXPECT_EQ(test, large->nr_regions, 10);
	KUNIT_EXPECT_EQ(test, small->nr_regions, 10);
	/* The three ranges that an address space has are never too many. */
	g->ctx->max_nr_regions = 4;
	KUNIT_EXPECT_EQ(test, damon_member_share(g->ctx), 3);
}

static void group_check(struct kunit *test)
{
	struct group_test *g = test->priv;
	struct damon_target *group = group_new(test, g->ctx);
	struct damon_reason why = {};

	KUNIT_EXPECT_EQ(test, damon_ctx_check(g->ctx, &why), 0);
	g->ctx->ops.id = DAMON_OPS_PADDR;
	KUNIT_EXPECT_EQ(test, damon_ctx_check(g->ctx, &why), -EOPNOTSUPP);
	KUNIT_EXPECT_STREQ(test, why.text,
			   "targets/0: physical memory belongs to no process");
	g->ctx->ops.id = DAMON_OPS_FVADDR;
	KUNIT_EXPECT_EQ(test, damon_ctx_check(g->ctx, &why), 0);
	damon_target_state(group)->group.kind = DAMON_GROUP_CGROUP;
	KUNIT_EXPECT_EQ(test, damon_ctx_check(g->ctx, &why), -EINVAL);
	KUNIT_EXPECT_STREQ(test, why.text,
			   "targets/0: both a process and a cgroup");
	put_pid(group->pid);
	group->pid = NULL;
	KUNIT_EXPECT_EQ(test, damon_ctx_check(g->ctx, &why), 0);
	damon_target_follow_children(group);
	KUNIT_EXPECT_EQ(test, damon_ctx_check(g->ctx, &why), -EINVAL);
	KUNIT_EXPECT_STREQ(test, why.text,
			   "targets/0/follow_children: no process to follow");
}

/* hazard B17: members stay as long as their group is wanted as it is. */
static void group_commit(struct kunit *test)
{
	struct group_test *g = test->priv;
	struct damon_target *group = group_new(test, g->ctx), *member, *t;

	member = group_add_member(test, group);
	test_add_pages(test, member, 0, 10);
	damon_first_region(member)->age = 7;
	group_new(test, g->src);
	test_new_target(test, g->src);
	KUNIT_ASSERT_EQ(test, damon_ctx_commit(g->ctx, g->src, NULL), 0);
	KUNIT_EXPECT_EQ(test, list_count_nodes(&g->ctx->adaptive_targets), 3);
	KUNIT_EXPECT_TRUE(test, list_is_first(&member->list,
					      &g->ctx->adaptive_targets));
	KUNIT_EXPECT_EQ(test, damon_first_region(member)->age, 7);

	/* Refused: as before. */
	g->src->min_nr_regions = 1;
	KUNIT_EXPECT_EQ(test, damon_ctx_commit(g->ctx, g->src, NULL), -EINVAL);
	KUNIT_EXPECT_EQ(test, list_count_nodes(&g->ctx->adaptive_targets), 3);
	g->src->min_nr_regions = 10;

	/* The same process without its descendants is something else. */
	list_for_each_entry(t, &g->src->adaptive_targets, list)
		damon_target_state(t)->group.kind = DAMON_GROUP_NONE;
	KUNIT_ASSERT_EQ(test, damon_ctx_commit(g->ctx, g->src, NULL), 0);
	KUNIT_EXPECT_EQ(test, list_count_nodes(&g->ctx->adaptive_targets), 2);
	damon_for_each_target(t, g->ctx)
		KUNIT_EXPECT_FALSE(test, damon_target_is_group(t) ||
				   damon_target_is_member(t));
}

/* hazard C26: a cgroup that is not there has its own error. */
static void group_cgroup(struct kunit *test)
{
	struct group_test *g = test->priv;
	struct damon_target *t = test_new_target(test, g->ctx);

	if (!IS_ENABLED(CONFIG_MEMCG)) {
		KUNIT_EXPECT_EQ(test, damon_target_set_cgroup(t, "/"),
				-EOPNOTSUPP);
		return;
	}
	KUNIT_EXPECT_EQ(test, damon_target_set_cgroup(t, "/no such cgroup"),
			-ENOENT);
	KUNIT_EXPECT_FALSE(test, damon_target_is_group(t));
	KUNIT_EXPECT_EQ(test, damon_target_set_cgroup(t, "/\n"), 0);
	KUNIT_EXPECT_TRUE(test, damon_target_is_group(t));
}

static struct kunit_case group_cases[] = {
	KUNIT_CASE(group_numbers),
	KUNIT_CASE(group_destroy_all),
	KUNIT_CASE(group_share),
	KUNIT_CASE(group_check),
	KUNIT_CASE(group_commit),
	KUNIT_CASE(group_cgroup),
	{ }
};

static struct kunit_suite group_suite = {
	.name = "damon-group",
	.init = group_init,
	.test_cases = group_cases,
};

kunit_test_suite(group_suite);
