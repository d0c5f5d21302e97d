/** A body in three pieces, each made when it is asked for; `atEnd` is called with the last one. */
export const streamed = (atEnd: () => void): ReadableStream<Uint8Array> => {
  let pieces = 0;
  return new ReadableStream(
    {
      pull: (controller) => {
        pieces++;
        controller.enqueue(new TextEncoder().encode("word "));
        if (pieces < 3) return;
        atEnd();
        controller.close();
      },
    },
    { highWaterMark: 0 },
  );
};
