export { signalLimits } from './signals.ts'
export { keepTariff, priceOf, recordTariff, type TariffParts, type TariffStep } from './tariff.ts'
