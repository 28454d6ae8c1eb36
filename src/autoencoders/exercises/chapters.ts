import { backward } from "./00";
import { gaussianNats } from "./01";
import { hingeSlope } from "./02";
import { varianceLeft } from "./03";
import { projectorOfDecoder } from "./04";
import { shareKept } from "./05";
import { auroc } from "./06";
import { softThreshold } from "./07";
import { coins } from "./08";
import { sparsePenalty } from "./09";
import { topKOfRow } from "./10";
import { maskedPixel } from "./11";
import { scoreOnLine } from "./12";
import { softplusContraction } from "./13";
import { widePrior } from "./14";
import { gapInErrors } from "./15";
import type { Exercise } from "./exercise";

/** Every exercise, by chapter. */
export const chapters: readonly Exercise[] = [
  backward,
  gaussianNats,
  hingeSlope,
  varianceLeft,
  projectorOfDecoder,
  shareKept,
  auroc,
  softThreshold,
  coins,
  sparsePenalty,
  topKOfRow,
  maskedPixel,
  scoreOnLine,
  softplusContraction,
  widePrior,
  gapInErrors,
];
