"""Writes when offices are open around each change of clocks, by rules and zone data of its own.

Python's zoneinfo reads the zones from the PyPI package tzdata, which the product does not use; when a window opens
and closes is worked out from what the clock shows: it has opened once the clock has shown its start or later, and has
closed once the clock will never again show a time before its end. Besides windows that are the same in every zone there
are some about each change itself: in, beside and across what the clock skips or shows twice. Arguments: the file to write, and the release of the
zone data that the product has compiled in.
"""

import importlib.metadata
import importlib.resources
import multiprocessing
import sys
import zoneinfo
from datetime import datetime, timedelta, timezone

FIRST, LAST = datetime(1970, 1, 1, tzinfo=timezone.utc), datetime(2038, 1, 1, tzinfo=timezone.utc)
STEP = 6 * 3600
HOUR = 3600
DAY = 24 * HOUR

# What is written of the time around a change, in seconds before and after it.
BEFORE, AFTER = 30 * HOUR, 42 * HOUR

WEEK = "mon tue wed thu fri sat sun".split()

# Windows by name: the days and times, in minutes; an end at or before the start is on the next day.
WINDOWS = {
    "ordinary": [(day, 540, 1020) for day in range(7)],
    "several": [(day, *times) for day in range(7) for times in [(30, 90), (135, 165), (180, 720)]],
    "overnight": [(day, 1320, 150) for day in range(7)],
    "whole days": [(day, 0, 1440) for day in (0, 2, 4, 6)],
    "around midnight": [(5, 1380, 1440), (6, 0, 180), (0, 1439, 1)],
}


def about(change, before, after):
    """Windows in, beside and across the minutes that the clock skips or shows twice."""
    # In minutes on the clock; a change of seconds takes the whole minutes that it touches.
    first, last = sorted((change + before, change + after))
    first, last = first // 60, -(-last // 60)
    middle = (first + last) // 2

    def window(start, end):
        return ((start // 1440 + 3) % 7, start % 1440, end % 1440)

    yield "starts", [window(middle, last + 120)]
    yield "ends", [window(first - 120, middle)]
    # A window of 24 hours is said in no such way: where a whole date is skipped there is none.
    if last - first < 1440:
        yield "fills", [window(first, last)]
    yield "beside", [window(first - 60, first), window(last, last + 60)]
    # From the day before on, for 23 hours.
    yield "across", [window(last + 120 - 1440, last + 60)]


def spelled(windows):
    def clock(minutes):
        return f"{minutes // 60:02}:{minutes % 60:02}"

    return ",".join(f"{WEEK[day]} {clock(start)}-{clock(end)}" for day, start, end in windows)


def offset(zone, second):
    shown = datetime.fromtimestamp(second, zone).utcoffset()
    return shown.days * DAY + shown.seconds


def segments(zone):
    """Stretches of one offset: where each starts, and the offset; and the end of the last."""
    first, last = int(FIRST.timestamp()), int(LAST.timestamp())
    found = [(first - 400 * DAY, offset(zone, first))]
    at, now = first, offset(zone, first)
    while at < last:
        then = offset(zone, at + STEP)
        if then != now:
            low, high = at, at + STEP
            while high - low > 1:
                middle = (low + high) // 2
                if offset(zone, middle) == now:
                    low = middle
                else:
                    high = middle
            found.append((high, offset(zone, high)))
            # What else changes in this step is found from here.
            at, now = high, offset(zone, high)
            continue
        at += STEP
    return found


def opens(near, start):
    """The first instant at which the clock shows `start` or later."""
    for begin, end, shift in near:
        at = max(begin, start - shift)
        if at < end:
            return at
    return None


def closes(near, end_shown):
    """The end of the last stretch in which the clock shows a time before `end_shown`."""
    for begin, end, shift in reversed(near):
        at = min(end, end_shown - shift)
        if at > begin:
            return at
    return None


def intervals(near, windows, change, closed=None):
    """When it is open around a change, but for the windows of a date that is closed by exception."""
    # Local days around the change, counted from 1970-01-01, which was a Thursday.
    today = (change + near[0][2]) // DAY
    found = []
    for day in range(today - 5, today + 6):
        weekday = (day + 3) % 7
        for on, start, end in windows:
            if on != weekday:
                continue
            midnight = day * DAY
            last = end if end > start else end + 1440
            if day == closed:
                continue
            if day + 1 == closed:
                last = min(last, 1440)
            begin = opens(near, midnight + start * 60)
            finish = closes(near, midnight + last * 60)
            if begin is not None and finish is not None and begin < finish:
                found.append((begin, finish))
    found.sort()
    merged = []
    for begin, finish in found:
        if merged and begin <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], finish)
        else:
            merged.append([begin, finish])
    return [pair for pair in merged if change - BEFORE <= pair[0] and pair[1] <= change + AFTER]


def segments_of(name):
    return segments(zoneinfo.ZoneInfo(name))


def lines_of(given):
    name, found, is_other_name = given
    lines = []
    for index in range(1, len(found)):
        change = found[index][0]
        shown = (found[index - 1][1], found[index][1])
        lines.append(f"change\t{name}\t{change}\t{shown[0]}\t{shown[1]}")
        if is_other_name:
            continue
        near = []
        for position, (begin, shift) in enumerate(found):
            end = found[position + 1][0] if position + 1 < len(found) else begin + 10**9
            if end > change - 9 * DAY and begin < change + 9 * DAY:
                near.append((max(begin, change - 12 * DAY), min(end, change + 12 * DAY), shift))

        def edges(windows, closed=None):
            found = intervals(near, windows, change, closed)
            return " ".join(f"{begin} {end}" for begin, end in found)

        for windows, given in WINDOWS.items():
            lines.append(f"open\t{windows}\t{edges(given)}")
        for kind, windows in about(change, *shown):
            lines.append(f"about\t{kind}\t{spelled(windows)}\t{edges(windows)}")
        # The date that the clock shows after the change is closed; the nights around it are cut.
        closed = (change + shown[1]) // DAY
        date = (datetime(1970, 1, 1) + timedelta(days=closed)).date()
        for kind in ("overnight", "whole days"):
            lines.append(f"dated\t{kind}\t{date}\t{edges(WINDOWS[kind], closed)}")
    return lines


def main():
    path, release = sys.argv[1:]
    zoneinfo.reset_tzpath([])
    package = importlib.resources.files("tzdata")
    there = package.joinpath("zones").read_text().split()
    version = importlib.import_module("tzdata").IANA_VERSION
    if version != release:
        sys.exit(f"tzdata is of release {version}, the product's zone data of {release}.")
    areas = "Africa America Antarctica Arctic Asia Atlantic Australia Europe Indian Pacific".split()
    names = sorted(name for name in there if name.split("/")[0] in areas and "/" in name)
    with multiprocessing.Pool(2) as pool, open(path, "w", encoding="ascii") as out:
        # A zone that is another by a second name has the same file, and its windows are worked out once.
        files = {name: package.joinpath("zoneinfo", *name.split("/")).read_bytes() for name in names}
        of_file = {file: name for name, file in files.items()}
        found = dict(zip(of_file, pool.imap(segments_of, of_file.values(), chunksize=8)))
        given, seen, changes = [], set(), 0
        for name in names:
            segments = found[files[name]]
            given.append((name, segments, tuple(segments) in seen))
            seen.add(tuple(segments))
            changes += len(segments) - 1
        for name, lines in zip(names, pool.imap(lines_of, given, chunksize=8)):
            out.write(f"zone\t{name}\n")
            out.writelines(f"{line}\n" for line in lines)
    print(f"   {len(names)} zones, {changes} changes of clocks, by tzdata {version}")


if __name__ == "__main__":
    main()
