// Comments, docstrings and Markdown held against the house style: first words, and 100 columns.
// `node test/prose.mjs` removes files that meet it by now from test/exempt.json.
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { python } from "../setup/python.mjs";

const columns = 100;
const asides = /^(What|Whether|Where|How)\b/;
const list = "test/exempt.json";

/** Files under version control whose prose is ours. */
const ourFiles = () =>
  execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
    encoding: "utf8",
  })
    .split("\n")
    .filter((path) => /\.(ts|mjs|cjs|js|py|css|md)$/.test(path))
    .filter((path) => !/(^|\/)(fixtures|__snapshots__|dist)\//.test(path))
    .filter((path) => !path.endsWith(".zh.md")); // a line break would show as a space in Chinese

/** [line, text] of the comments of TypeScript or JavaScript. */
export function scriptComments(text) {
  const source = ts.createSourceFile("x.ts", text, ts.ScriptTarget.Latest, true);
  const found = new Map();
  const visit = (node) => {
    for (const ranges of [
      ts.getLeadingCommentRanges(text, node.getFullStart()),
      ts.getTrailingCommentRanges(text, node.getEnd()),
    ])
      for (const { pos, end } of ranges ?? []) found.set(pos, text.slice(pos, end));
    if (!ts.isJsxText(node)) node.getChildren(source).forEach(visit);
  };
  visit(source);
  return [...found]
    .sort(([a], [b]) => a - b)
    .map(([pos, comment]) => [source.getLineAndCharacterOfPosition(pos).line + 1, comment]);
}

/** [line, text] of the comments of CSS. */
export const styleComments = (text) =>
  [...text.matchAll(/\/\*.*?\*\//gs)].map((match) => [
    text.slice(0, match.index).split("\n").length,
    match[0],
  ]);

/** First words of comments; lines that continue a comment of single lines are no beginning. */
function badOpenings(comments) {
  const lines = new Set(
    comments.filter(([, text]) => /^(\/\/|#)/.test(text)).map(([line]) => line),
  );
  return comments
    .filter(([line, text]) => !(/^(\/\/|#)/.test(text) && lines.has(line - 1)))
    .map(([line, text]) => [line, text.replace(/^[\s/*#"!:]+/, "")])
    .filter(([, words]) => asides.test(words))
    .map(([line, words]) => `${line}: a comment must not start with "${words.split(" ")[0]}"`);
}

const width = (line) => [...line].length;

/** Lines of comments beyond the columns, but for addresses. */
const wideComments = (comments) =>
  comments.flatMap(([line, text]) =>
    text
      .split("\n")
      .map((one, i) => [line + i, one])
      .filter(([, one]) => width(one) > columns && !/https?:\/\//.test(one))
      .map(([at]) => `${at}: a comment must have at most ${columns} columns`),
  );

/** Lines of Markdown beyond the columns, but for tables, code, links and pictures. */
export function wideMarkdown(text) {
  let code = false;
  return text.split("\n").flatMap((line, i) => {
    if (/^\s*(```|~~~)/.test(line)) code = !code;
    const free = code || /^\s*\||\]\(|^\[[^\]]+\]:|https?:\/\/|<img /.test(line);
    return !free && width(line) > columns
      ? [`${i + 1}: Markdown must have at most ${columns} columns`]
      : [];
  });
}

/** Comments of each Python file. */
function pythonComments(paths) {
  if (paths.length === 0) return new Map();
  const { stdout, stderr } = spawnSync(python, ["test/comments.py", ...paths], {
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  if (!stdout) throw new Error(stderr);
  const byPath = Map.groupBy ? Map.groupBy(JSON.parse(stdout), ([path]) => path) : new Map();
  if (!Map.groupBy)
    for (const row of JSON.parse(stdout)) byPath.set(row[0], [...(byPath.get(row[0]) ?? []), row]);
  return new Map([...byPath].map(([path, rows]) => [path, rows.map(([, ...rest]) => rest)]));
}

/** Problems of files: path and sentences, for each that has any. */
export function proseProblems(paths = ourFiles()) {
  const ofPython = pythonComments(paths.filter((path) => path.endsWith(".py")));
  const problems = (path) => {
    const text = readFileSync(path, "utf8");
    if (path.endsWith(".md")) return wideMarkdown(text);
    const comments = path.endsWith(".py")
      ? (ofPython.get(path) ?? [])
      : path.endsWith(".css")
        ? styleComments(text)
        : scriptComments(text);
    return [...badOpenings(comments), ...wideComments(comments)];
  };
  return new Map(
    paths.map((path) => [path, problems(path)]).filter(([, found]) => found.length > 0),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const lists = JSON.parse(readFileSync(list, "utf8"));
  const problems = proseProblems();
  lists.prose = lists.prose.filter((path) => problems.has(path));
  writeFileSync(list, `${JSON.stringify(lists, undefined, 2)}\n`);
}
