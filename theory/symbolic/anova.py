"""Two-way analysis of a balanced table of cells: task by current symbol.

    cell_ka = grand + task_k + symbol_a + interaction_ka
    grand = mean over all cells,  task_k = mean_a cell_ka - grand,  symbol_a = mean_k cell_ka - grand

The parts are orthogonal, so their sums of squares add up. If a cell is a product of task and covariate, the
interaction is the product of their deviations: nothing of it is additive once the covariate is centred.
Source: Scheffe, The Analysis of Variance (1959), chapter 4. Sizes: 3 tasks, 2 symbols.
"""

from collections.abc import Iterator
from itertools import combinations

import sympy as sp

from theory.symbolic.identity import Expression, Identity

SOURCE = "Scheffe, The Analysis of Variance (1959), chapter 4"
N_TASKS, N_SYMBOLS = 3, 2
CELLS = sp.Matrix(N_TASKS, N_SYMBOLS, sp.symbols(f"c:{N_TASKS}:{N_SYMBOLS}", real=True))


def parts(cells: Expression) -> dict[str, Expression]:
    """Return the tables of task effects, symbol effects and interactions."""
    n_tasks, n_symbols = cells.shape
    grand = sum(cells) / (n_tasks * n_symbols)
    task = sp.Matrix(n_tasks, n_symbols, lambda k, a: sum(cells[k, :]) / n_symbols - grand)
    symbol = sp.Matrix(n_tasks, n_symbols, lambda k, a: sum(cells[:, a]) / n_tasks - grand)
    return {"task": task, "symbol": symbol, "interaction": cells.applyfunc(lambda c: c - grand) - task - symbol}


def sum_of_squares(table: Expression) -> Expression:
    """Return the sum of the squared entries."""
    return sum(entry**2 for entry in table)


def _identities() -> Iterator[Identity]:
    effects = parts(CELLS)
    for one, other in combinations(effects, 2):
        inner = sum(a * b for a, b in zip(effects[one], effects[other], strict=True))
        yield Identity(f"ANOVA: {one} and {other} are orthogonal", SOURCE, inner, sp.Integer(0))
    grand = sum(CELLS) / (N_TASKS * N_SYMBOLS)
    yield Identity(
        "ANOVA: the sums of squares add up",
        SOURCE,
        sum_of_squares(CELLS.applyfunc(lambda c: c - grand)),
        sum(sum_of_squares(effect) for effect in effects.values()),
    )
    w, x = sp.symbols(f"w:{N_TASKS}", real=True), sp.symbols(f"x:{N_SYMBOLS}", real=True)
    mean_w, mean_x = sum(w) / N_TASKS, sum(x) / N_SYMBOLS
    product = sp.Matrix(N_TASKS, N_SYMBOLS, lambda k, a: w[k] * x[a])
    for k, a in ((0, 0), (2, 1)):
        yield Identity(
            f"ANOVA: a product of task and covariate interacts by its deviations, cell {k} {a}",
            SOURCE,
            parts(product)["interaction"][k, a],
            (w[k] - mean_w) * (x[a] - mean_x),
        )


IDENTITIES: tuple[Identity, ...] = tuple(_identities())
