// Boxes: where things are in a picture.

/** Left, top, right, bottom as fractions of the picture's width and height, 0 to 1; y downwards. */
export type Box = readonly [x0: number, y0: number, x1: number, y1: number];
