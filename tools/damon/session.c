// SPDX-License-Identifier: GPL-2.0
/*
 * One monitoring from begin to end: a kdamond is configured and switched on,
 * its tracepoint collected, its snapshots recorded, and all of it undone.
 * What it owns of the kernel, it gives back in session_end(), whatever happened
 * before. Must not know who is monitored or why.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "file.h"
#include "session.h"

/* How often the buffers are drained, and how long they can hold without that */
#define TICK_NS		200000000L
#define BUFFER_US	(4 * USEC_PER_SEC)
/* Ticks between two looks at what is mapped, after some quick ones */
#define TICKS_PER_LOOK	5
#define QUICK_LOOKS	10
/* An event with its stamp; a little more than the tracepoint has today */
#define EVENT_BYTES	64
#define BUFFER_KIB_MIN	1024ULL
#define BUFFER_KIB_MAX	(64ULL << 10)

u64 session_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (u64)ts.tv_sec * NSEC_PER_SEC + (u64)ts.tv_nsec;
}

int session_signals(struct session *s)
{
	static const int taken[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCHLD };
	sigset_t mask;
	size_t i;

	sigemptyset(&mask);
	for (i = 0; i < ARRAY_SIZE(taken); i++)
		sigaddset(&mask, taken[i]);
	s->signal_fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	/* Before a closed pipe ends the program, session_end() cleans up. */
	sigaddset(&mask, SIGPIPE);
	sigprocmask(SIG_BLOCK, &mask, &s->old_mask);
	s->blocked = true;
	s->tick_fd = -1;
	s->record_fd = -1;
	if (s->signal_fd < 0) {
		say("cannot wait for signals: %s", strerror(errno));
		return -errno;
	}
	return 0;
}

static u64 buffer_kib(const struct monitor_cfg *cfg)
{
	u64 windows = BUFFER_US / cfg->aggr_us + 2;
	u64 events = windows * cfg->nr_regions.max * cfg->pids.nr;
	u64 kib = events * EVENT_BYTES >> 10;

	if (kib < BUFFER_KIB_MIN)
		return BUFFER_KIB_MIN;
	return kib > BUFFER_KIB_MAX ? BUFFER_KIB_MAX : kib;
}

/* Makes a target of the record for one of the kernel's. */
static int add_target(struct session *s, u32 target, u32 pid)
{
	struct session_target *targets;
	char dir[32], comm[64] = "";
	int err;

	targets = reallocarray(s->targets, s->nr_targets + 1, sizeof(*targets));
	if (!targets)
		return -ENOMEM;
	s->targets = targets;
	targets[s->nr_targets] = (struct session_target){ target, pid };
	snprintf(dir, sizeof(dir), "/proc/%u", pid);
	if (!pid)
		snprintf(comm, sizeof(comm), "memory");
	else if (file_read(dir, "comm", comm, sizeof(comm)))
		comm[0] = '\0';
	err = record_add_target(&s->record, (int)pid, comm);
	return err ? err : record_add_areas(&s->record, s->nr_targets++, session_now_ns());
}

static int emit(void *arg, const struct snapshot *snap)
{
	struct session *s = arg;
	struct snapshot same = *snap;
	u32 i;
	int err;

	for (i = 0; i < s->nr_targets; i++)
		if (s->targets[i].target == snap->target &&
		    (!snap->pid || s->targets[i].pid == snap->pid))
			break;
	if (i == s->nr_targets) {
		/* Nobody told which process it is. */
		if (!snap->pid || i == RECORD_MAX_TARGETS)
			return 0;
		err = add_target(s, snap->target, snap->pid);
		if (err)
			return err;
	}
	same.target = i;
	return record_add(&s->record, &same);
}

static int begin_record(struct session *s)
{
	struct record_info info = { .cfg = *s->cfg, .start_ns = session_now_ns() };
	struct utsname un;
	unsigned int i;
	int err;

	s->start_ns = info.start_ns;
	info.wall_sec = (u64)time(NULL);
	snprintf(info.command, sizeof(info.command), "%s", s->command);
	if (!uname(&un))
		snprintf(info.kernel, sizeof(info.kernel), "%s", un.release);
	if (s->record_path) {
		err = record_create(&s->record, s->record_path, &info);
	} else {
		s->record_fd = memfd_create("damonctl", MFD_CLOEXEC);
		err = s->record_fd < 0 ? -errno :
		      record_create_fd(&s->record, s->record_fd, &info);
	}
	for (i = 0; i < s->cfg->pids.nr && !err; i++)
		err = add_target(s, i, (u32)s->cfg->pids.pid[i]);
	s->as.emit = emit;
	s->as.arg = s;
	return err ? err : record_flush(&s->record);
}

/* Programs map most of their memory when they begin. */
static int look_at_areas(struct session *s)
{
	u32 i;
	int err = 0;

	s->nr_ticks++;
	if (s->nr_ticks > QUICK_LOOKS && s->nr_ticks % TICKS_PER_LOOK)
		return 0;
	for (i = 0; i < s->record.targets.nr && !err; i++)
		err = record_add_areas(&s->record, i, session_now_ns());
	return err;
}

static int begin_ticks(struct session *s)
{
	const struct itimerspec its = {
		.it_value = { .tv_nsec = TICK_NS },
		.it_interval = { .tv_nsec = TICK_NS },
	};

	s->tick_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (s->tick_fd < 0 || timerfd_settime(s->tick_fd, 0, &its, NULL)) {
		say("cannot make a timer: %s", strerror(errno));
		return -errno;
	}
	return 0;
}

static int begin_kdamond(struct session *s)
{
	int err;

	err = admin_lock(&s->admin);
	if (err)
		return err;
	err = admin_claim(&s->admin, &s->slot);
	if (!err) {
		s->claimed = true;
		err = admin_configure(&s->admin, &s->slot, s->cfg);
	}
	if (!err && s->source.kind == SOURCE_TRIED)
		err = tried_configure(&s->admin, s->slot.index);
	if (!err)
		err = admin_on(&s->admin, &s->slot, &s->kdamond_pid);
	s->on = !err;
	admin_unlock(&s->admin);
	return err;
}

/* What the kernel at hand cannot do */
static int check_source(const struct session *s, enum source_kind kind)
{
	if (kind == SOURCE_TRIED && s->cfg->pids.nr > 1) {
		say("without device and tracepoint, one process at a time can be monitored");
		return -EOPNOTSUPP;
	}
	return 0;
}

int session_begin(struct session *s)
{
	enum source_kind kind;
	int err;

	s->source.device.fd = -1;
	err = admin_open(&s->admin);
	if (err)
		return err;
	kind = source_choose();
	err = check_source(s, kind);
	if (err)
		return err;
	source_tell(kind);
	err = source_prepare(&s->source, kind, buffer_kib(s->cfg), 0);
	if (!err)
		err = begin_record(s);
	if (!err)
		err = begin_ticks(s);
	if (!err)
		err = begin_kdamond(s);
	return err ? err : source_begin(&s->source, &s->admin, s->slot.index, s->kdamond_pid, true);
}

enum session_event session_wait(struct session *s, struct signalfd_siginfo *info)
{
	struct pollfd fds[] = {
		{ .fd = s->signal_fd, .events = POLLIN },
		{ .fd = s->tick_fd, .events = POLLIN },
		/* Ignored by poll() if there is none. */
		{ .fd = source_fd(&s->source), .events = POLLIN },
	};
	u64 ticks;

	for (;;) {
		if (poll(fds, ARRAY_SIZE(fds), -1) < 0 && errno != EINTR) {
			say("cannot wait: %s", strerror(errno));
			return SESSION_FAILED;
		}
		if (read(s->signal_fd, info, sizeof(*info)) == sizeof(*info))
			return SESSION_SIGNAL;
		if (fds[2].revents & POLLIN && source_drain(&s->source, &s->as, false))
			return SESSION_FAILED;
		/* The thread has ended; ticks go on. */
		if (fds[2].revents & POLLHUP)
			fds[2].fd = -1;
		if (read(s->tick_fd, &ticks, sizeof(ticks)) != sizeof(ticks))
			continue;
		if (look_at_areas(s))
			return SESSION_FAILED;
		if (fds[2].fd >= 0)
			return SESSION_TICK;
		return source_drain(&s->source, &s->as, false) ? SESSION_FAILED : SESSION_TICK;
	}
}

static int emit_nothing(void *arg, const struct snapshot *snap)
{
	return 0;
}

void session_mute(struct session *s)
{
	s->as.emit = emit_nothing;
}

int session_finish(struct session *s)
{
	int err, err_off;

	s->end_ns = session_now_ns();
	err_off = admin_off(&s->admin, s->slot.index);
	s->on = err_off != 0;
	err = source_drain(&s->source, &s->as, true);
	if (!err)
		err = record_finish(&s->record, s->end_ns, s->source.lost);
	return err ? err : err_off;
}

void session_end(struct session *s)
{
	if (s->on)
		admin_off(&s->admin, s->slot.index);
	if (s->claimed && !admin_lock(&s->admin)) {
		admin_release(&s->admin, s->slot.index, s->slot.raised);
		admin_unlock(&s->admin);
	}
	source_end(&s->source);
	record_writer_free(&s->record);
	snapshot_free(&s->as.snap);
	free(s->targets);
	if (s->record_fd >= 0)
		close(s->record_fd);
	if (s->tick_fd >= 0)
		close(s->tick_fd);
	if (s->signal_fd >= 0)
		close(s->signal_fd);
	if (s->blocked)
		sigprocmask(SIG_SETMASK, &s->old_mask, NULL);
}
