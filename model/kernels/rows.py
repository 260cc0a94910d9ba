"""Passes over rows of positions: sums of rows, tables of rows, rows at some positions."""
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from model.kernels.compilation import kernel, part


@part
def add_rows(dy, dbias):
    """db += sum_i dy_i."""
    for i in range(dy.shape[0]):
        row = dy[i]
        for c in range(row.size):
            dbias[c] += row[c]


@part
def add_bias(y, bias):
    """y_i += b for every row i."""
    for i in range(y.shape[0]):
        row = y[i]
        for c in range(row.size):
            row[c] += bias[c]


@kernel
def embedding(tokens, weight, y):
    """y_i = W[token_i]."""
    for i in range(tokens.size):
        source, target = weight[tokens[i]], y[i]
        for c in range(source.size):
            target[c] = source[c]


@kernel
def embedding_backward(dy, tokens, dweight):
    """dW[token_i] += dy_i."""
    for i in range(tokens.size):
        source, target = dy[i], dweight[tokens[i]]
        for c in range(source.size):
            target[c] += source[c]


@part
def touch(x, anywhere):
    """Read a number of every cache line in order, which fetches far memory faster than strides through it do."""
    step = 64 // x.itemsize
    total = x.dtype.type(0.0)
    for i in range(x.shape[0]):
        row = x[i]
        for c in range(0, row.size, step):
            total += row[c]
    anywhere[0] = total  # or the compiler would leave the reading out


@part
def clear(x):
    """x = 0."""
    for i in range(x.shape[0]):
        row = x[i]
        for c in range(row.size):
            row[c] = x.dtype.type(0.0)


@part
def take(x, positions, length, y):
    """Copy the rows of x at `positions` of every sequence of `length` rows to y."""
    count = positions.size
    for i in range(y.shape[0]):
        source, target = x[(i // count) * length + positions[i % count]], y[i]
        for c in range(source.size):
            target[c] = source[c]


@part
def put(y, positions, length, x):
    """Undo `take`: rows of x at other positions become 0."""
    count = positions.size
    clear(x)
    for i in range(y.shape[0]):
        source, target = y[i], x[(i // count) * length + positions[i % count]]
        for c in range(source.size):
            target[c] = source[c]
