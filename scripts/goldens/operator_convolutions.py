"""The convolution cases of operators.py, in NHWC with weights [kh, kw, I / groups, O]."""

import torch.nn.functional as F

from operator_case import case, square_gradient


def sides(padding) -> tuple[int, int, int, int]:
    return (padding,) * 4 if isinstance(padding, int) else tuple(padding)


def conv2d(x, w, stride=1, padding=0, groups=1):
    """x [N, H, W, I], w [kh, kw, I / groups, O], padding as top, left, bottom, right."""
    top, left, bottom, right = sides(padding)
    padded = F.pad(x.permute(0, 3, 1, 2), (left, right, top, bottom))
    kernel = w.permute(3, 2, 0, 1).contiguous()
    return F.conv2d(padded, kernel, stride=stride, groups=groups).permute(0, 2, 3, 1)


def conv_transpose(y, w, size, stride=1, padding=0, groups=1):
    """The whole spread picture, cut to `size` behind the padding; what was not reached is 0."""
    top, left, _, _ = sides(padding)
    picture, kernel = y.permute(0, 3, 1, 2).contiguous(), w.permute(3, 2, 0, 1).contiguous()
    full = F.conv_transpose2d(picture, kernel, stride=stride, groups=groups)
    room = F.pad(full, (0, left + size[1], 0, top + size[0]))
    return room[:, :, top : top + size[0], left : left + size[1]].permute(0, 2, 3, 1)


def convolutions() -> None:
    def conv(name, x, w, **options):
        case(f"conv2d {name}", lambda x, w: conv2d(x, w, **options), x=x, w=w)

    conv("3x3", (2, 4, 5, 2), (3, 3, 2, 3), padding=1)
    conv("3x3 unpadded", (1, 5, 4, 2), (3, 3, 2, 2))
    conv("3x3 stride 2 pad 1", (2, 4, 6, 2), (3, 3, 2, 2), stride=2, padding=1)
    conv("3x3 stride 2 pad 1, odd size", (1, 5, 7, 2), (3, 3, 2, 2), stride=2, padding=1)
    conv("3x3 stride 2, padded behind only", (1, 4, 6, 2), (3, 3, 2, 2), stride=2, padding=(0, 0, 1, 1))
    conv("3x3, four different paddings", (1, 4, 4, 1), (3, 3, 1, 2), padding=(2, 0, 1, 3))
    conv("2x2 stride 2, a row left over", (1, 5, 5, 2), (2, 2, 2, 2), stride=2)
    conv("3x3 stride 3", (1, 7, 6, 1), (3, 3, 1, 2), stride=3, padding=1)
    conv("2x2 stride 3: gaps", (1, 6, 7, 1), (2, 2, 1, 2), stride=3)
    conv("1x1", (2, 3, 4, 3), (1, 1, 3, 2))
    conv("1x1 stride 2", (1, 4, 5, 2), (1, 1, 2, 3), stride=2)
    conv("1x1 pad 1", (1, 3, 3, 2), (1, 1, 2, 2), padding=1)
    conv("1x1 stride 2 pad 1, same size", (1, 3, 3, 2), (1, 1, 2, 2), stride=2, padding=1)
    conv("1x1 stride 2, padded before only", (1, 2, 2, 2), (1, 1, 2, 2), stride=2, padding=(1, 0, 0, 0))
    conv("1x3", (1, 3, 5, 2), (1, 3, 2, 2), padding=(0, 1, 0, 1))
    conv("4x2", (1, 5, 4, 1), (4, 2, 1, 2), padding=(1, 0, 2, 1))
    conv("5x5 over 3x3", (1, 3, 3, 1), (5, 5, 1, 1), padding=2)
    conv("3x3 of one pixel", (1, 1, 1, 2), (3, 3, 2, 2), padding=1)
    conv("as large as the picture", (2, 3, 4, 2), (3, 4, 2, 3))
    conv("3x3, 2 groups", (1, 4, 4, 4), (3, 3, 2, 6), padding=1, groups=2)
    conv("3x3 stride 2, 2 groups", (1, 5, 4, 4), (3, 3, 2, 2), stride=2, padding=1, groups=2)
    conv("1x1, 3 groups", (1, 2, 3, 3), (1, 1, 1, 6), groups=3)
    conv("3x3 depthwise", (1, 4, 4, 3), (3, 3, 1, 3), padding=1, groups=3)


def transposed_convolutions() -> None:
    def up(name, y, w, size, **options):
        case(f"conv transpose {name}", lambda y, w: conv_transpose(y, w, size, **options), y=y, w=w)

    up("3x3", (1, 4, 3, 2), (3, 3, 3, 2), (4, 3), padding=1)
    up("4x4 stride 2 pad 1", (1, 3, 2, 2), (4, 4, 2, 2), (6, 4), stride=2, padding=1)
    up("3x3 stride 2, with output padding", (1, 2, 3, 2), (3, 3, 2, 2), (4, 6), stride=2, padding=1)
    up("2x2 stride 2", (2, 2, 3, 2), (2, 2, 3, 2), (4, 6), stride=2)
    up("3x3, four different paddings", (1, 4, 4, 1), (3, 3, 2, 1), (3, 3), padding=(2, 0, 1, 3))
    up("2x2 stride 3: gaps", (1, 2, 2, 1), (2, 2, 2, 1), (6, 7), stride=3)
    up("3x3 stride 2, 2 groups", (1, 2, 2, 4), (3, 3, 1, 4), (4, 3), stride=2, padding=1, groups=2)
    up("1x1", (1, 3, 3, 2), (1, 1, 3, 2), (3, 3))


def second_derivatives() -> None:
    def second(name, x, w, **options):
        for target in ("x", "w"):
            def build(x, w):
                return square_gradient(conv2d(x, w, **options), {"x": x, "w": w}[target])

            case(f"second derivative of conv2d {name}, first by {target}", build, x=x, w=w)

    second("3x3", (1, 3, 3, 2), (3, 3, 2, 2), padding=1)
    second("3x3 stride 2, odd size", (1, 5, 3, 1), (3, 3, 1, 2), stride=2, padding=(0, 1, 1, 0))
    second("1x1", (1, 2, 3, 2), (1, 1, 2, 2))
    second("3x3, 2 groups", (1, 3, 3, 2), (3, 3, 1, 2), padding=1, groups=2)
    third = lambda x, w: square_gradient(square_gradient(conv2d(x, w), w), x)
    case("third derivative of conv2d", third, x=(1, 3, 3, 1), w=(2, 2, 1, 2))
