// The condition "source" leads to sources, which are not published: a bundler that knows the word would look for them in vain.
const withoutSource = (exports) =>
  Object.fromEntries(
    Object.entries(exports).map(([path, target]) => {
      if (typeof target === "string") return [path, target];
      const { source: _, ...published } = target;
      return [path, published];
    }),
  );

module.exports = {
  hooks: {
    beforePacking: (manifest) =>
      manifest.exports === undefined ? manifest : { ...manifest, exports: withoutSource(manifest.exports) },
  },
};
