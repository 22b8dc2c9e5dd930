// SPDX-License-Identifier: GPL-2.0
/*
 * Starting a command so that it can be monitored from its first instruction.
 *
 * The child asks to be traced and calls exec; the kernel stops it when the new
 * address space is complete. Once monitoring is on, it is detached and runs as
 * if it had never been traced. Must not know about monitoring.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "file.h"
#include "process.h"

/* What the child could not do */
struct start_fault {
	int err;
	bool exec;
};

static void child(char *const argv[], const sigset_t *mask, int fd)
{
	struct start_fault fault = { 0 };

	sigprocmask(SIG_SETMASK, mask, NULL);
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0) {
		execvp(argv[0], argv);
		fault.exec = true;
	}
	fault.err = errno;
	if (write(fd, &fault, sizeof(fault)) != sizeof(fault))
		_exit(EXIT_FAILED);
	_exit(EXIT_NO_COMMAND);
}

static int explain(const struct start_fault *fault, const char *name)
{
	if (!fault->exec) {
		say("cannot trace '%s': %s", name, strerror(fault->err));
		return EXIT_FAILED;
	}
	say("cannot start '%s': %s", name, strerror(fault->err));
	return fault->err == ENOENT ? EXIT_NO_COMMAND : EXIT_CANNOT_EXEC;
}

int process_start(struct process *p, char *const argv[], const sigset_t *mask)
{
	struct start_fault fault;
	int fds[2], status;
	ssize_t len;

	if (pipe2(fds, O_CLOEXEC)) {
		say("cannot make a pipe: %s", strerror(errno));
		return EXIT_FAILED;
	}
	p->pid = fork();
	if (!p->pid)
		child(argv, mask, fds[1]);
	close(fds[1]);
	if (p->pid < 0) {
		say("cannot start a process: %s", strerror(errno));
		close(fds[0]);
		return EXIT_FAILED;
	}
	len = read(fds[0], &fault, sizeof(fault));
	close(fds[0]);
	if (waitpid(p->pid, &status, 0) != p->pid)
		status = 0;
	if (len == sizeof(fault))
		return explain(&fault, argv[0]);
	if (WIFSTOPPED(status))
		return 0;
	say("'%s' ended before it was started", argv[0]);
	return EXIT_FAILED;
}

int process_release(const struct process *p)
{
	if (!ptrace(PTRACE_DETACH, p->pid, NULL, NULL))
		return 0;
	say("cannot let process %d run: %s", p->pid, strerror(errno));
	return -errno;
}

void process_kill(struct process *p)
{
	kill(p->pid, SIGKILL);
	process_reap(p);
}

bool process_ended(const struct process *p)
{
	siginfo_t info = { 0 };

	return !waitid(P_PID, (id_t)p->pid, &info, WEXITED | WNOHANG | WNOWAIT) &&
	       info.si_pid == p->pid;
}

/* Fields of /proc/PID/stat, counted from 1, after the command's name */
enum {
	STAT_STATE = 3,
	STAT_PARENT = 4,
	STAT_CHILD_FAULTS = 11,
};

struct process_stat {
	char state;
	int parent;
	u64 child_faults;
};

static bool read_stat(int pid, struct process_stat *stat)
{
	char dir[32], text[FILE_VALUE_LEN], *at, *word, *save;
	int field;

	snprintf(dir, sizeof(dir), "/proc/%d", pid);
	if (file_read(dir, "stat", text, sizeof(text)))
		return false;
	/* The name may hold anything, so start behind its last bracket. */
	at = strrchr(text, ')');
	word = at ? strtok_r(at + 1, " ", &save) : NULL;
	for (field = STAT_STATE; word && field <= STAT_CHILD_FAULTS; field++) {
		if (field == STAT_STATE)
			stat->state = *word;
		if (field == STAT_PARENT)
			stat->parent = atoi(word);
		if (field == STAT_CHILD_FAULTS)
			stat->child_faults = strtoull(word, NULL, 10);
		word = strtok_r(NULL, " ", &save);
	}
	return field > STAT_CHILD_FAULTS;
}

void process_look_for_children(struct process *p)
{
	char dir[64], text[FILE_VALUE_LEN];
	struct process_stat stat;

	if (p->forked)
		return;
	snprintf(dir, sizeof(dir), "/proc/%d/task/%d", p->pid, p->pid);
	if (!file_read(dir, "children", text, sizeof(text)) && *text)
		p->forked = true;
	/* Children that were waited for left their page faults. */
	if (read_stat(p->pid, &stat) && stat.child_faults)
		p->forked = true;
}

void process_reap(struct process *p)
{
	while (wait4(p->pid, &p->status, 0, &p->usage) < 0 && errno == EINTR)
		;
}

int process_exit_status(const struct process *p)
{
	return WIFEXITED(p->status) ? WEXITSTATUS(p->status) : 128 + WTERMSIG(p->status);
}

bool process_alive(int pid)
{
	struct process_stat stat;

	return read_stat(pid, &stat) && stat.state != 'Z' && stat.state != 'X';
}

void process_command(int pid, char *text, size_t size)
{
	char dir[32];
	FILE *file;
	size_t i, len = 0;

	snprintf(dir, sizeof(dir), "/proc/%d/cmdline", pid);
	file = fopen(dir, "re");
	if (file) {
		len = fread(text, 1, size - 1, file);
		fclose(file);
	}
	while (len && !text[len - 1])
		len--;
	for (i = 0; i < len; i++)
		if (!text[i])
			text[i] = ' ';
	text[len] = '\0';
}

/* Kernel threads have no command line, and no memory to monitor. */
static bool is_called(int pid, const char *name, bool command)
{
	char text[FILE_VALUE_LEN], comm[64], dir[32];
	const char *word;

	process_command(pid, text, sizeof(text));
	if (!*text || !process_alive(pid))
		return false;
	if (command)
		return strstr(text, name);
	snprintf(dir, sizeof(dir), "/proc/%d", pid);
	if (!file_read(dir, "comm", comm, sizeof(comm)) && !strcmp(comm, name))
		return true;
	/* The kernel cuts names to 15 characters. */
	text[strcspn(text, " ")] = '\0';
	word = strrchr(text, '/');
	return !strcmp(word ? word + 1 : text, name);
}

/* This process, or one that waits for it: sudo has the name that we look for as well. */
static bool is_ours(int pid)
{
	struct process_stat stat;
	int ours;

	for (ours = getpid(); ours > 0; ours = stat.parent) {
		if (ours == pid)
			return true;
		if (!read_stat(ours, &stat))
			break;
	}
	return false;
}

static unsigned int find_called(const char *name, bool command, struct opt_pids *pids)
{
	unsigned int nr = 0;
	struct dirent *ent;
	DIR *dir;
	int pid;

	dir = opendir("/proc");
	while (dir && (ent = readdir(dir)) && pids->nr < OPT_MAX_PIDS) {
		pid = atoi(ent->d_name);
		if (pid <= 0 || !is_called(pid, name, command) || is_ours(pid))
			continue;
		pids->pid[pids->nr++] = pid;
		nr++;
	}
	if (dir)
		closedir(dir);
	return nr;
}

bool process_find(const char *name, struct opt_pids *pids)
{
	return find_called(name, false, pids) || find_called(name, true, pids);
}
