"""What the browser is asked about an open page, in JavaScript."""

LOOK = """async () => {
    if (window.MathJax?.startup) await MathJax.startup.promise;
    await Promise.all([...document.images].map(image => {
        image.loading = "eager";
        return image.decode().catch(() => null);
    }));
    return {
        ids: [...document.querySelectorAll("[id]")].map(node => node.id),
        links: [...document.querySelectorAll("a[href]")].map(link => link.href),
        unnamed: [...document.images].filter(image => !image.alt.trim()).map(image => image.src),
        empty: [...document.images].filter(image => !image.naturalWidth).map(image => image.src),
        formulas: [...document.querySelectorAll("mjx-merror")].map(node => node.textContent),
        raw: document.querySelectorAll(".math:not(:has(mjx-container))").length,
        escaped: [...document.querySelectorAll("main td")]
            .map(node => node.textContent).filter(text => /\\\\n/.test(text)),
        markup: [...document.querySelectorAll("main .pasted-text")]
            .map(node => node.textContent).filter(text => /(^|[\\s(])([*_`]+)[^\\s*_`][^*_`]*\\2/.test(text)),
        height: document.documentElement.scrollHeight,
        cut: [...document.querySelectorAll("main div.math, main mjx-container[display]")]
            .filter(node => getComputedStyle(node).overflowX !== "visible" && node.scrollWidth > node.clientWidth + 4)
            .map(node => node.id || node.closest("div.math")?.id || node.textContent.trim().slice(0, 60)),
    };
}"""
SHRUNK = """least => [...document.querySelectorAll("main img[src*='_images/']")]
    .filter(image => image.clientWidth && image.naturalWidth > 200)
    .map(image => [image.src.split("/").pop(), image.clientWidth / image.naturalWidth])
    .filter(([, share]) => share < least - 0.005)"""
WIDER = """() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return [];
    const clips = node => node && (getComputedStyle(node).overflowX !== "visible" || clips(node.parentElement));
    return [...document.querySelectorAll("main *")]
        .filter(node => node.getBoundingClientRect().right > width + 1 && !clips(node.parentElement))
        .map(node => `${node.tagName.toLowerCase()}.${node.className}`).slice(0, 3);
}"""
MISSED = """() => {
    // What a reader of a phone would miss: the rest of a formula or of what scrolls, and half of a name.
    const told = (what, nodes) => nodes.slice(0, 2).map(node => `${what}: ${node.textContent.trim().slice(0, 60)}`);
    const all = selector => [...document.querySelectorAll(`.bd-article :is(${selector})`)];
    const box = node => node.getBoundingClientRect();
    return [
        ...told("formula is cut", all("span.math:has(mjx-math)").filter(node => node.clientWidth
            && getComputedStyle(node).overflowX === "hidden"
            && box(node.querySelector("mjx-math")).width > box(node).width + 1)),
        ...told("scrolls and does not show it",
            all(".na2q-pans, .output, .pst-scrollable-table-container, .highlight pre").filter(node =>
                node.scrollWidth > node.clientWidth + 4 && node.scrollLeft === 0
                && getComputedStyle(node).overflowX !== "visible" && !node.matches(".na2q-goes-on"))),
        ...told("name is broken", all(".na2q-whole").filter(node => !node.querySelector(".math")
            && new Set([...node.getClientRects()].map(line => Math.round(line.top))).size > 1)),
    ];
}"""
FAINT = """() => {
    // Contrast of text in pictures that scripts draw, which axe-core passes over: an SVG's text against its ground.
    const numbers = color => (color.match(/[\\d.]+/g) || [0, 0, 0]).map(Number);
    const light = color => {
        const linear = x => x <= 10 ? x / 3294.6 : ((x / 255 + 0.055) / 1.055) ** 2.4;
        const [r, g, b] = numbers(color).map(linear);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const clear = color => color === "transparent" || numbers(color)[3] === 0;
    const ground = node => {
        for (; node; node = node.parentElement)
            if (!clear(getComputedStyle(node).backgroundColor)) return getComputedStyle(node).backgroundColor;
        return "rgb(255, 255, 255)";
    };
    return [...document.querySelectorAll("main .na2q-chooser svg text")].filter(text => {
        const [a, b] = [light(getComputedStyle(text).fill), light(ground(text))].sort((x, y) => y - x);
        return (a + 0.05) / (b + 0.05) < 4.5;
    }).map(text => text.textContent).slice(0, 3);
}"""
GLARING = """() => {
    // Bright grounds on a dark page: boxes, and figures that are not turned.
    const bright = color => {
        const [r, g, b, alpha = 1] = (color.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
        return alpha > 0.5 && 0.2126 * r + 0.7152 * g + 0.0722 * b > 128;
    };
    const turned = node => node && (getComputedStyle(node).filter.includes("invert") || turned(node.parentElement));
    return [...document.querySelectorAll("main *")]
        .filter(node => node.clientWidth > 100 && node.clientHeight > 60 && !turned(node))
        .filter(node => node.matches("img") || bright(getComputedStyle(node).backgroundColor))
        .map(node => `${node.tagName.toLowerCase()}.${node.className} ${node.src || ""}`).slice(0, 3);
}"""
