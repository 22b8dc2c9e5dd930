// SPDX-License-Identifier: GPL-2.0
/*
 * The guest's first process: mounts what a test or a program needs, does what
 * /manifest in the initramfs says, line by line, and powers off.
 *
 * It alone writes the verdict (/dev/ttyS1, a file on the host): a line
 * "NAME STATUS" for each thing it ran and "done" last.  A guest that panics,
 * hangs or powers off early therefore never looks well.  What tests print goes
 * to the kernel's log line by line, so that the host has one ordered console in
 * which no line is torn by another.
 *
 * Lines of the manifest (words are separated by blanks; # begins a comment):
 *
 *   timeout SECONDS         for each of the following tests (default 120)
 *   env NAME=VALUE          for everything that follows
 *   share TAG PATH          mount a 9p share, writable
 *   root TAG                the 9p share TAG, with a tmpfs over it, becomes the
 *                           root of everything that follows
 *   cwd PATH                for everything that follows
 *   window ROWS COLUMNS     a person sits at /dev/hvc0, with that much space
 *   test NAME PROGRAM...    run it, output to the log; STATUS is its exit status
 *   terminal NAME           run /command's text by sh -c on /dev/hvc0
 *   kunit                   STATUS 0 if KUnit ran suites and none failed
 *   kmemleak                STATUS 0 if a scan finds no leak
 *   write PATH TEXT         write a file (of proc, sys, ...)
 *
 * Must know nothing of DAMON.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define MAX_WORDS	32
#define LOG_LINE	900	/* printk() takes about 1,000 bytes a line */

static int log_fd = -1;
static int verdict_fd = -1;
static unsigned int time_limit = 120;
static unsigned short rows, columns;
static bool window;

/* A whole line into the kernel's log. */
static void log_line(const char *fmt, ...)
{
	char line[LOG_LINE + 8];
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(line, sizeof(line) - 1, fmt, args);
	va_end(args);
	if (n > LOG_LINE)
		n = LOG_LINE;
	line[n++] = '\n';
	if (write(log_fd, line, n) < 0 && log_fd != STDERR_FILENO)
		(void)!write(STDERR_FILENO, line, n);
}

/* What we write is what the host reads. */
static void no_post_processing(int tty)
{
	struct termios tio;

	tcgetattr(tty, &tio);
	tio.c_oflag &= ~OPOST;
	tcsetattr(tty, TCSANOW, &tio);
}

static void loopback_up(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd >= 0) {
		ioctl(fd, SIOCSIFFLAGS, &ifr);
		close(fd);
	}
}

static void verdict(const char *name, int status)
{
	dprintf(verdict_fd, "%s %d\n", name, status);
	log_line("# init: %s ended with status %d", name, status);
}

static void power_off(void)
{
	sync();
	if (verdict_fd >= 0)
		tcdrain(verdict_fd);
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}

/* The manifest asks for something this guest cannot do: never "done". */
static void __attribute__((noreturn)) give_up(const char *what, const char *which)
{
	log_line("# init: %s %s: %s", what, which, strerror(errno));
	if (verdict_fd >= 0)
		verdict("init", 1);
	power_off();
	exit(1);
}

static void mount_at(const char *what, const char *where, const char *type,
		     const char *options)
{
	mkdir(where, 0755);
	if (mount(what, where, type, 0, options) && errno != EBUSY)
		give_up("cannot mount", where);
}

static const char share_options[] = "trans=virtio,version=9p2000.L,msize=262144";

static void mount_kernel_files(const char *root)
{
	static const struct {
		const char *type, *where;
		bool must;
	} rows[] = {
		{ "devtmpfs", "/dev", true },
		{ "proc", "/proc", true },
		{ "sysfs", "/sys", true },
		{ "tmpfs", "/run", true },
		{ "devpts", "/dev/pts", false },
		{ "tmpfs", "/dev/shm", true },
		{ "tracefs", "/sys/kernel/tracing", false },
		{ "debugfs", "/sys/kernel/debug", false },
		{ "cgroup2", "/sys/fs/cgroup", false },
	};
	char where[256];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(where, sizeof(where), "%s%s", root, rows[i].where);
		mkdir(where, 0755);
		if (mount(rows[i].type, where, rows[i].type, 0, NULL) &&
		    errno != EBUSY && rows[i].must)
			give_up("cannot mount", where);
	}
}

/* 9p below, tmpfs above: programs write where they like, the host stays as is. */
static void change_root(const char *tag)
{
	char options[128];

	mkdir("/.root", 0755);
	mount_at("tmpfs", "/.root", "tmpfs", "mode=755");
	snprintf(options, sizeof(options), "%s,cache=loose,ro", share_options);
	mount_at(tag, "/.root/lower", "9p", options);
	mkdir("/.root/upper", 0755);
	mkdir("/.root/work", 0755);
	mount_at("overlay", "/.root/merged", "overlay",
		 "lowerdir=/.root/lower,upperdir=/.root/upper,workdir=/.root/work");
	/* /tmp stays the host's: the tree itself may lie there. */
	mount_kernel_files("/.root/merged");
	if (chdir("/.root/merged") || chroot(".") || chdir("/"))
		give_up("cannot change root to", tag);
}

static void share(const char *tag, const char *path)
{
	mount_at(tag, path, "9p", share_options);
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		give_up("cannot write", path);
	close(fd);
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static int exit_status(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Pass on what the test prints until it closes its end or time is up. */
static bool relay(int fd, double deadline)
{
	char buf[4096];
	size_t used = 0;

	for (;;) {
		struct pollfd pfd = { .fd = fd, .events = POLLIN };
		double left = deadline - now();
		char *line = buf, *end;
		ssize_t n;

		if (left <= 0)
			return false;
		if (poll(&pfd, 1, left * 1000 + 1) <= 0)
			continue;
		n = read(fd, buf + used, sizeof(buf) - 1 - used);
		if (n <= 0)
			break;
		used += n;
		while ((end = memchr(line, '\n', buf + used - line))) {
			log_line("%.*s", (int)(end - line), line);
			line = end + 1;
		}
		used -= line - buf;
		memmove(buf, line, used);
		if (used > LOG_LINE) {
			log_line("%.*s", (int)used, buf);
			used = 0;
		}
	}
	if (used)
		log_line("%.*s", (int)used, buf);
	return true;
}

/* A test left something running: it must not disturb the next one. */
static void end_strays(void)
{
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	kill(-1, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0)
		;
}

static void run_test(const char *name, char **argv)
{
	double begin = now();
	int fds[2], status;
	bool ended;
	pid_t pid;

	log_line("# init: %s begins", name);
	if (pipe2(fds, O_CLOEXEC))
		give_up("no pipe for", name);
	pid = fork();
	if (!pid) {
		setsid();
		dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
		dup2(fds[1], STDOUT_FILENO);
		dup2(fds[1], STDERR_FILENO);
		execv(argv[0], argv);
		fprintf(stderr, "# %s: %s\n", argv[0], strerror(errno));
		_exit(127);
	}
	close(fds[1]);
	ended = relay(fds[0], begin + time_limit);
	if (!ended)
		kill(-pid, SIGKILL);
	/* Output closed, process alive: it has until the deadline as well. */
	while (!waitpid(pid, &status, WNOHANG)) {
		if (now() > begin + time_limit) {
			kill(pid, SIGKILL);
			ended = false;
		}
		usleep(10000);
	}
	close(fds[0]);
	end_strays();
	log_line("# init: %s took %.1f s", name, now() - begin);
	if (!ended)
		log_line("# init: %s was still running after %u s", name, time_limit);
	verdict(name, ended ? exit_status(status) : 124);
}

static char *read_file(const char *path)
{
	size_t used = 0, size = 1 << 16;
	char *buf = malloc(size);
	int fd = open(path, O_RDONLY);
	ssize_t n;

	if (fd < 0 || !buf) {
		free(buf);
		return NULL;
	}
	while ((n = read(fd, buf + used, size - used - 1)) > 0) {
		used += n;
		if (size - used < 2)
			buf = realloc(buf, size *= 2);
	}
	buf[used] = '\0';
	close(fd);
	return buf;
}

/*
 * The child of run_terminal(): at a person's terminal, or at a pipe whose end we
 * pass on to it, so that programs know which.
 */
static void __attribute__((noreturn)) run_text(char *text, int in, int out)
{
	setsid();
	if (window)
		ioctl(in, TIOCSCTTY, 1);
	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	execl("/bin/sh", "sh", "-c", text, NULL);
	fprintf(stderr, "/bin/sh: %s\n", strerror(errno));
	_exit(127);
}

static void copy(int from, int to)
{
	char buf[4096], *p;
	ssize_t n, done;

	while ((n = read(from, buf, sizeof(buf))) > 0) {
		for (p = buf; n > 0; p += done, n -= done) {
			done = write(to, p, n);
			if (done < 0)
				return;
		}
	}
}

/* What the person at the host typed, as if typed in the guest. */
static void run_terminal(const char *name, char *text)
{
	struct winsize size = { .ws_row = rows, .ws_col = columns };
	int status, tty, fds[2];
	pid_t pid;

	tty = open("/dev/hvc0", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (tty < 0 || pipe2(fds, O_CLOEXEC))
		give_up("cannot open", "/dev/hvc0");
	/* The host's terminal turns \n into \r\n itself. */
	no_post_processing(tty);
	ioctl(tty, TIOCSWINSZ, &size);
	pid = fork();
	if (!pid && window)
		run_text(text, tty, tty);
	else if (!pid)
		run_text(text, open("/dev/null", O_RDONLY), fds[1]);
	close(fds[1]);
	copy(fds[0], tty);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	tcdrain(tty);
	close(tty);
	end_strays();
	verdict(name, exit_status(status));
}

/* KUnit ran before us; its own account must not name a failure. */
static int kunit_status(void)
{
	DIR *dir = opendir("/sys/kernel/debug/kunit");
	int suites = 0, failed = 0;
	struct dirent *entry;
	char path[512], *text;

	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/sys/kernel/debug/kunit/%s/results",
			 entry->d_name);
		text = read_file(path);
		suites++;
		if (!text || !text[0] || strstr(text, "not ok"))
			failed++;
		free(text);
	}
	if (dir)
		closedir(dir);
	log_line("# init: KUnit: %d suites, %d of them failed", suites, failed);
	return !suites || failed;
}

/* Twice: what the first scan finds may only have been in flight. */
static int kmemleak_status(void)
{
	static const char path[] = "/sys/kernel/debug/kmemleak";
	char *text, *line, *rest;
	int leaks;

	/* Objects younger than five seconds are not reported. */
	sleep(6);
	write_file(path, "scan");
	sleep(1);
	write_file(path, "scan");
	text = read_file(path);
	if (!text)
		give_up("cannot read", path);
	leaks = strlen(text);
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		log_line("# kmemleak: %s", line);
	free(text);
	return !!leaks;
}

static void enter(const char *path)
{
	if (chdir(path))
		give_up("cannot enter", path);
}

static void set_window(const char *r, const char *c)
{
	rows = atoi(r);
	columns = atoi(c);
	window = true;
}

static void obey(char *line)
{
	char *argv[MAX_WORDS + 1], *rest, *word;
	int argc = 0;

	for (word = strtok_r(line, " \t", &rest); word && argc < MAX_WORDS;
	     word = strtok_r(NULL, " \t", &rest))
		argv[argc++] = word;
	argv[argc] = NULL;
	if (!argc || argv[0][0] == '#')
		return;
	errno = EINVAL;
	if (!strcmp(argv[0], "timeout") && argc == 2)
		time_limit = atoi(argv[1]);
	else if (!strcmp(argv[0], "env") && argc == 2)
		putenv(strdup(argv[1]));
	else if (!strcmp(argv[0], "share") && argc == 3)
		share(argv[1], argv[2]);
	else if (!strcmp(argv[0], "root") && argc == 2)
		change_root(argv[1]);
	else if (!strcmp(argv[0], "cwd") && argc == 2)
		enter(argv[1]);
	else if (!strcmp(argv[0], "window") && argc == 3)
		set_window(argv[1], argv[2]);
	else if (!strcmp(argv[0], "test") && argc >= 3)
		run_test(argv[1], argv + 2);
	else if (!strcmp(argv[0], "kunit") && argc == 1)
		verdict("kunit", kunit_status());
	else if (!strcmp(argv[0], "kmemleak") && argc == 1)
		verdict("kmemleak", kmemleak_status());
	else if (!strcmp(argv[0], "write") && argc == 3)
		write_file(argv[1], argv[2]);
	else
		give_up("do not understand", argv[0]);
}

int main(void)
{
	char *manifest, *command, *line, *rest;
	int fd;

	mkdir("/dev", 0755);
	mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	fd = open("/dev/console", O_RDWR);
	while (fd >= 0 && fd < STDERR_FILENO)
		fd = dup(fd);
	log_fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	if (log_fd < 0)
		log_fd = STDERR_FILENO;
	verdict_fd = open("/dev/ttyS1", O_WRONLY | O_NOCTTY | O_CLOEXEC);
	if (verdict_fd < 0)
		give_up("cannot open", "/dev/ttyS1");
	no_post_processing(verdict_fd);
	/* The initramfs carries no state: a run leaves nothing behind. */
	umask(022);
	mount_kernel_files("");
	mount_at("tmpfs", "/tmp", "tmpfs", NULL);
	(void)!symlink("/proc/self/fd", "/dev/fd");
	sethostname("guest", 5);
	loopback_up();
	putenv("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	putenv("HOME=/root");

	manifest = read_file("/manifest");
	if (!manifest)
		give_up("cannot read", "/manifest");
	command = read_file("/command");
	for (line = strtok_r(manifest, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		/* The command is read before the root changes. */
		if (!strncmp(line, "terminal ", 9) && command)
			run_terminal(line + 9, command);
		else
			obey(line);
	}
	dprintf(verdict_fd, "done\n");
	power_off();
}
