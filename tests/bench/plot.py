"""The distribution of lateness as an SVG: a curve per program, the tail stretched out."""

import math

WIDTH, HEIGHT = 860, 480
LEFT, RIGHT, TOP, BOTTOM = 70, 150, 50, 60
COLOURS = {"plain": "#7f7f7f", "relay": "#1f77b4", "naive": "#d62728", "laterd": "#2ca02c"}
PERCENTILES = (0, 50, 90, 99, 99.9, 99.99)
NINES = 4.2  # the upper end of the axis, in nines: 4 = 99.99 %
POINTS = 600


def nines(share):
    return min(NINES, -math.log10(max(1e-9, 1 - share)))


def y_of(share):
    return HEIGHT - BOTTOM - nines(share) / NINES * (HEIGHT - TOP - BOTTOM)


class XAxis:
    def __init__(self, low_ms, high_ms):
        self.low = math.floor(math.log10(low_ms))
        self.high = math.ceil(math.log10(high_ms))

    def x_of(self, ms):
        place = (math.log10(max(ms, 10**self.low)) - self.low) / (self.high - self.low)
        return LEFT + place * (WIDTH - LEFT - RIGHT)

    def ticks(self):
        return [10**power for power in range(self.low, self.high + 1)]


def curve(values, axis):
    ordered = sorted(values)
    count = len(ordered)
    # Equally spaced in nines, so that the tail gets as many points as the middle.
    ranks = sorted({min(count - 1, int(count * (1 - 10 ** (-NINES * i / POINTS)))) for i in range(POINTS + 1)})
    return " ".join(f"{axis.x_of(ordered[rank]):.1f},{y_of(rank / count):.1f}" for rank in ranks)


def label(ms):
    return f"{ms:g} ms" if ms < 1000 else f"{ms / 1000:g} s"


def lateness_svg(samples, title):
    """samples: program → lateness in ms."""
    smallest = min(quantile_low(values) for values in samples.values())
    axis = XAxis(max(0.01, smallest), max(max(values) for values in samples.values()))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif"'
        ' font-size="13">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{LEFT}" y="28" font-size="16">{title}</text>',
    ]
    for ms in axis.ticks():
        x = axis.x_of(ms)
        parts.append(f'<path d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="#ddd"/>')
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle">{label(ms)}</text>')
    for percentile in PERCENTILES:
        y = y_of(percentile / 100)
        parts.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{percentile:g} %</text>')
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(
        f'<text x="{middle}" y="{HEIGHT - 14}" text-anchor="middle">'
        "lateness (the share of records on the left axis came at most so late)</text>"
    )
    for number, (name, values) in enumerate(samples.items()):
        colour = COLOURS[name]
        parts.append(
            f'<polyline points="{curve(values, axis)}" fill="none" stroke="{colour}" stroke-width="2"/>'
        )
        y = TOP + 20 + 24 * number
        x = WIDTH - RIGHT + 16
        parts.append(f'<path d="M{x} {y - 4}h24" stroke="{colour}" stroke-width="3"/>')
        parts.append(f'<text x="{x + 32}" y="{y}">{name}</text>')
    parts.append("</svg>\n")
    return "\n".join(parts)


def quantile_low(values):
    return max(0.01, sorted(values)[len(values) // 1000])
