export { signalLimits } from './signals.ts'
