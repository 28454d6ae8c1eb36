// Unpacks what the page carries: gzip, seven bits a character, as packing.py writes it.
(() => {
  const standIns = { "¡": 0, "¢": 13, "£": 60 };
  const bytesOf = (text) => {
    const bytes = new Uint8Array(Math.floor((text.length * 7) / 8));
    let [held, bits, to] = [0, 0, 0];
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      held = (held << 7) | (code < 128 ? code : standIns[text[i]]);
      bits += 7;
      if (bits < 8) continue;
      bits -= 8;
      bytes[to++] = held >> bits;
    }
    return bytes;
  };
  /** Response with the unpacked bytes of an element's text. */
  globalThis.unpacked = (element) => {
    const stream = new Blob([bytesOf(element.textContent)]).stream();
    return new Response(stream.pipeThrough(new DecompressionStream("gzip")));
  };
})();
