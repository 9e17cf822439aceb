/** `sqlcc version`. */
import type { Run } from '../context.ts';

export const version: Run = async ({ printer }) => {
  const { PROTOCOL, VERSION } = await import('../../../daemon/version.ts');
  const { versions, platform, arch } = process;
  const document = {
    version: VERSION,
    protocol: PROTOCOL,
    node: versions.node,
    platform: `${platform}-${arch}`,
  };
  await printer.answer(document, () =>
    printer.line(`sqlcc ${VERSION} (protocol ${PROTOCOL}, node ${versions.node}, ${document.platform})`),
  );
  return 0;
};
