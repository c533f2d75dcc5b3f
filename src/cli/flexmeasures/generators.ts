/** Classes of FlexMeasures that make data, by the kind of source they write as. */
import { REPORTERS } from '#ems'

export const SCHEDULERS: readonly string[] = ['StorageScheduler', 'ProcessScheduler']

export const GENERATORS: Record<'reporter' | 'scheduler' | 'forecaster', readonly string[]> = {
  reporter: REPORTERS,
  scheduler: SCHEDULERS,
  forecaster: ['TrainPredictPipeline'],
}
