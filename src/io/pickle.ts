// Pickled checkpoints (.ckpt, .bin, .pt): never opened, since reading one can run any code.

import { FollowspotError } from "../core/errors.js";

const PICKLED = /\.(ckpt|bin|pt|pth|pkl|pickle)$/i;

function conversion(path: string): string {
  return /\.ckpt$/i.test(path)
    ? "Convert it once with Python's diffusers: " +
        `StableDiffusionPipeline.from_single_file("${path}").save_pretrained("FOLDER").`
    : "Convert it once with Python's safetensors: " +
        `save_file(torch.load("${path}", weights_only=True), "FILE.safetensors"), ` +
        "or use a copy of the model that has safetensors.";
}

/** Throws FollowspotError, with the way to convert, when the name is one of a pickled checkpoint. */
export function refusePickle(path: string): void {
  if (!PICKLED.test(path)) return;
  throw new FollowspotError(`${path}: expected safetensors, got a pickled checkpoint.`, {
    remedy: conversion(path),
  });
}

/** True for the first bytes of a zip archive or of a pickle, whatever the file is called. */
export function looksPickled(bytes: Uint8Array): boolean {
  const zip = bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 3 && bytes[3] === 4;
  const pickle = bytes[0] === 0x80 && bytes[1]! >= 2 && bytes[1]! <= 5;
  return zip || pickle;
}
