const words =
  'outbox lease worker message queue retry commit database evidence client metric latency throughput deploy review incident rollback canary budget objective architecture record'.split(
    ' ',
  );

/** A realistic study of a given length, always the same. */
export function longStudy(characters: number): string {
  let state = 7;
  const next = (below: number): number => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state % below;
  };
  const word = (): string => {
    const plain = words[next(words.length)] ?? '';
    const marked = [
      `**${plain}**`,
      `*${plain}*`,
      `\`${plain}()\``,
      `[${plain}](https://example.com/${plain})`,
    ];
    return marked[next(40)] ?? plain;
  };
  const sentence = (count: number): string => `${Array.from({ length: count }, word).join(' ')}. `;
  const paragraph = (): string =>
    `${Array.from({ length: 3 + next(4) }, () => sentence(8 + next(12))).join('')}\n\n`;
  let study = '';
  for (let section = 1; study.length < characters; section++) {
    study += `## Section ${section}: ${sentence(4)}\n\n${paragraph()}${paragraph()}${paragraph()}`;
    study += `- ${sentence(9)}\n- ${sentence(12)}\n  - ${sentence(7)}\n\n### Detail ${section}\n\n${paragraph()}`;
    if (section % 2 === 0)
      study += `\`\`\`ts\n${'const value = await step(1, "lease");\n'.repeat(12)}\`\`\`\n\n`;
    if (section % 3 === 0) {
      const rows = Array.from(
        { length: 8 },
        () => `| ${sentence(3)}| ${next(1000)} ms | ${next(100)} ms |\n`,
      );
      study += `| Metric | Before | After |\n|---|--:|:-:|\n${rows.join('')}\n`;
    }
    if (section % 5 === 0) study += `> ${paragraph()}`;
  }
  return study;
}
