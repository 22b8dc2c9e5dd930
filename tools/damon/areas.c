// SPDX-License-Identifier: GPL-2.0
/*
 * Mapped areas with their names. Owns how /proc/PID/maps and /proc/iomem are
 * read; must not know what the names are used for.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "areas.h"

static bool append(struct areas *set, const struct area *area)
{
	if (set->nr == set->room) {
		u32 room = set->room ? 2 * set->room : 64;
		struct area *grown = reallocarray(set->area, room, sizeof(*grown));

		if (!grown)
			return false;
		set->area = grown;
		set->room = room;
	}
	set->area[set->nr++] = *area;
	return true;
}

bool areas_add(struct areas *set, const struct area *area)
{
	u32 i;

	/* The newest are the likeliest to be continued. */
	for (i = set->nr; i-- > 0;) {
		struct area *old = &set->area[i];

		if (area->start > old->end || old->start > area->end ||
		    strcmp(old->name, area->name))
			continue;
		if (area->start < old->start)
			old->start = area->start;
		if (area->end > old->end)
			old->end = area->end;
		if (area->seen_ns > old->seen_ns)
			old->seen_ns = area->seen_ns;
		return true;
	}
	return set->nr >= AREAS_MAX || append(set, area);
}

static void set_name(struct area *area, char *name)
{
	char *slash;

	name[strcspn(name, "\n")] = '\0';
	/* Names such as [anon:/dev/x] are no paths. */
	slash = *name == '/' ? strrchr(name, '/') : NULL;
	snprintf(area->name, sizeof(area->name), "%s", slash ? slash + 1 : name);
	if (!*area->name)
		snprintf(area->name, sizeof(area->name), "anon");
}

/* "start-end perms offset device inode    name" */
static bool parse_map(char *line, struct area *area)
{
	int at = 0;

	if (sscanf(line, "%llx-%llx %*s %*s %*s %*s %n", &area->start, &area->end, &at) != 2 || !at)
		return false;
	set_name(area, line + at);
	/* In the kernel's half, where nobody monitors */
	return strcmp(area->name, "[vsyscall]");
}

/* "start-end : name", the end inclusive; what lies within another is indented. */
static bool parse_iomem(char *line, struct area *area)
{
	int at = 0;

	if (*line == ' ')
		return false;
	if (sscanf(line, "%llx-%llx : %n", &area->start, &area->end, &at) != 2 || !at)
		return false;
	area->end++;
	set_name(area, line + at);
	return area->end > 1;
}

int areas_look(struct areas *set, int pid, u64 now_ns)
{
	bool (*parse)(char *line, struct area *area) = pid ? parse_map : parse_iomem;
	struct area area = { .seen_ns = now_ns };
	char path[32] = "/proc/iomem", line[4352];
	FILE *file;
	int err = 0;

	if (pid)
		snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	file = fopen(path, "re");
	if (!file)
		return -errno;
	while (!err && fgets(line, sizeof(line), file))
		if (parse(line, &area) && area.start < area.end && !areas_add(set, &area))
			err = -ENOMEM;
	fclose(file);
	return err;
}

bool areas_same(const struct areas *a, const struct areas *b)
{
	u32 i;

	for (i = 0; i < a->nr && a->nr == b->nr; i++)
		if (a->area[i].start != b->area[i].start || a->area[i].end != b->area[i].end ||
		    strcmp(a->area[i].name, b->area[i].name))
			return false;
	return a->nr == b->nr;
}

void areas_free(struct areas *set)
{
	free(set->area);
	*set = (struct areas){ 0 };
}

static int by_number(const void *a, const void *b)
{
	const u64 *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The area seen last of those that cover [start, end) */
static const struct area *topmost(const struct areas *set, u64 since_ns, u64 start, u64 end)
{
	const struct area *area, *best = NULL;

	for (area = set->area; area < set->area + set->nr; area++)
		if (area->start <= start && area->end >= end && area->seen_ns >= since_ns &&
		    (!best || area->seen_ns >= best->seen_ns))
			best = area;
	return best;
}

bool areas_flatten(const struct areas *set, u64 since_ns, struct areas *flat)
{
	u64 *edge = calloc(2 * (size_t)set->nr + 1, sizeof(*edge));
	bool good = edge;
	u32 i;

	for (i = 0; i < set->nr && good; i++) {
		edge[2 * i] = set->area[i].start;
		edge[2 * i + 1] = set->area[i].end;
	}
	if (good)
		qsort(edge, 2 * (size_t)set->nr, sizeof(*edge), by_number);
	for (i = 1; i < 2 * set->nr && good; i++) {
		const struct area *area = topmost(set, since_ns, edge[i - 1], edge[i]);
		struct area *last = flat->nr ? &flat->area[flat->nr - 1] : NULL;
		struct area piece;

		if (edge[i - 1] == edge[i] || !area)
			continue;
		piece = *area;
		piece.start = edge[i - 1];
		piece.end = edge[i];
		if (last && last->end == piece.start && !strcmp(last->name, piece.name))
			last->end = piece.end;
		else
			good = append(flat, &piece);
	}
	free(edge);
	return good;
}

const char *areas_name(const struct areas *flat, u64 addr)
{
	u32 low = 0, high = flat->nr;

	while (low < high) {
		u32 mid = low + (high - low) / 2;

		if (flat->area[mid].end <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low < flat->nr && flat->area[low].start <= addr ? flat->area[low].name : NULL;
}
