/** Layouts of the SunSpec information models this house speaks: names, types, places, scale factors and units of their points (facts of the SunSpec model definitions). */
import type { ValueKind } from './value.ts'

export interface Point {
  name: string
  /** Registers from the start of the model, its two header registers (ID, L) included. */
  offset: number
  words: number
  kind: ValueKind
  /** Name of the point that holds the power of ten to multiply by. */
  scale?: string
  unit?: string
  writable: boolean
  /** An accumulator: 0 means "not implemented". */
  accumulator: boolean
  /** The point is itself a scale factor. */
  isScale: boolean
}

const KIND: Readonly<Record<string, [ValueKind, number]>> = {
  uint16: ['u16', 1],
  int16: ['i16', 1],
  enum16: ['u16', 1],
  bitfield16: ['u16', 1],
  sunssf: ['i16', 1],
  pad: ['u16', 1],
  uint32: ['u32', 2],
  bitfield32: ['u32', 2],
  acc32: ['u32', 2],
  float32: ['f32', 2],
  string16: ['string', 16],
  string8: ['string', 8],
}

/** `name type scale-factor unit`, '-' for none; '!' after the name: can be written. */
const COMMON = `Mn string16, Md string16, Opt string8, Vr string8, SN string16, DA! uint16, Pad pad`

const INVERTER = `A uint16 A_SF A, AphA uint16 A_SF A, AphB uint16 A_SF A, AphC uint16 A_SF A, A_SF sunssf, PPVphAB uint16 V_SF V,
  PPVphBC uint16 V_SF V, PPVphCA uint16 V_SF V, PhVphA uint16 V_SF V, PhVphB uint16 V_SF V, PhVphC uint16 V_SF V, V_SF sunssf,
  W int16 W_SF W, W_SF sunssf, Hz uint16 Hz_SF Hz, Hz_SF sunssf, VA int16 VA_SF VA, VA_SF sunssf, VAr int16 VAr_SF var, VAr_SF sunssf,
  PF int16 PF_SF %, PF_SF sunssf, WH acc32 WH_SF Wh, WH_SF sunssf, DCA uint16 DCA_SF A, DCA_SF sunssf, DCV uint16 DCV_SF V, DCV_SF sunssf,
  DCW int16 DCW_SF W, DCW_SF sunssf, TmpCab int16 Tmp_SF °C, TmpSnk int16 Tmp_SF °C, TmpTrns int16 Tmp_SF °C, TmpOt int16 Tmp_SF °C,
  Tmp_SF sunssf, St enum16, StVnd enum16, Evt1 bitfield32, Evt2 bitfield32, EvtVnd1 bitfield32, EvtVnd2 bitfield32, EvtVnd3 bitfield32,
  EvtVnd4 bitfield32`

const INVERTER_FLOAT = `A float32 - A, AphA float32 - A, AphB float32 - A, AphC float32 - A, PPVphAB float32 - V, PPVphBC float32 - V,
  PPVphCA float32 - V, PhVphA float32 - V, PhVphB float32 - V, PhVphC float32 - V, W float32 - W, Hz float32 - Hz, VA float32 - VA,
  VAr float32 - var, PF float32 - %, WH float32 - Wh, DCA float32 - A, DCV float32 - V, DCW float32 - W, TmpCab float32 - °C,
  TmpSnk float32 - °C, TmpTrns float32 - °C, TmpOt float32 - °C, St enum16, StVnd enum16, Evt1 bitfield32, Evt2 bitfield32,
  EvtVnd1 bitfield32, EvtVnd2 bitfield32, EvtVnd3 bitfield32, EvtVnd4 bitfield32`

const NAMEPLATE = `DERTyp enum16, WRtg uint16 WRtg_SF W, WRtg_SF sunssf, VARtg uint16 VARtg_SF VA, VARtg_SF sunssf, VArRtgQ1 int16 VArRtg_SF var,
  VArRtgQ2 int16 VArRtg_SF var, VArRtgQ3 int16 VArRtg_SF var, VArRtgQ4 int16 VArRtg_SF var, VArRtg_SF sunssf, ARtg uint16 ARtg_SF A,
  ARtg_SF sunssf, PFRtgQ1 int16 PFRtg_SF, PFRtgQ2 int16 PFRtg_SF, PFRtgQ3 int16 PFRtg_SF, PFRtgQ4 int16 PFRtg_SF, PFRtg_SF sunssf,
  WHRtg uint16 WHRtg_SF Wh, WHRtg_SF sunssf, AhrRtg uint16 AhrRtg_SF Ah, AhrRtg_SF sunssf, MaxChaRte uint16 MaxChaRte_SF W,
  MaxChaRte_SF sunssf, MaxDisChaRte uint16 MaxDisChaRte_SF W, MaxDisChaRte_SF sunssf, Pad pad`

const SETTINGS = `WMax! uint16 WMax_SF W, VRef! uint16 VRef_SF V, VRefOfs! int16 VRefOfs_SF V, VMax! uint16 VMinMax_SF V, VMin! uint16 VMinMax_SF V,
  VAMax! uint16 VAMax_SF VA, VArMaxQ1! int16 VArMax_SF var, VArMaxQ2! int16 VArMax_SF var, VArMaxQ3! int16 VArMax_SF var,
  VArMaxQ4! int16 VArMax_SF var, WGra! uint16 WGra_SF %/s, PFMinQ1! int16 PFMin_SF, PFMinQ2! int16 PFMin_SF, PFMinQ3! int16 PFMin_SF,
  PFMinQ4! int16 PFMin_SF, VArAct! enum16, ClcTotVA! enum16, MaxRmpRte! uint16 MaxRmpRte_SF %, ECPNomHz! uint16 ECPNomHz_SF Hz, ConnPh! enum16,
  WMax_SF sunssf, VRef_SF sunssf, VRefOfs_SF sunssf, VMinMax_SF sunssf, VAMax_SF sunssf, VArMax_SF sunssf, WGra_SF sunssf, PFMin_SF sunssf,
  MaxRmpRte_SF sunssf, ECPNomHz_SF sunssf`

const CONTROLS = `Conn_WinTms! uint16 - s, Conn_RvrtTms! uint16 - s, Conn! enum16, WMaxLimPct! uint16 WMaxLimPct_SF %, WMaxLimPct_WinTms! uint16 - s,
  WMaxLimPct_RvrtTms! uint16 - s, WMaxLimPct_RmpTms! uint16 - s, WMaxLim_Ena! enum16, OutPFSet! int16 OutPFSet_SF, OutPFSet_WinTms! uint16 - s,
  OutPFSet_RvrtTms! uint16 - s, OutPFSet_RmpTms! uint16 - s, OutPFSet_Ena! enum16, VArWMaxPct! int16 VArPct_SF %, VArMaxPct! int16 VArPct_SF %,
  VArAvalPct! int16 VArPct_SF %, VArPct_WinTms! uint16 - s, VArPct_RvrtTms! uint16 - s, VArPct_RmpTms! uint16 - s, VArPct_Mod! enum16,
  VArPct_Ena! enum16, WMaxLimPct_SF sunssf, OutPFSet_SF sunssf, VArPct_SF sunssf`

const STORAGE = `WChaMax! uint16 WChaMax_SF W, WChaGra! uint16 WChaDisChaGra_SF %/s, WDisChaGra! uint16 WChaDisChaGra_SF %/s, StorCtl_Mod! bitfield16,
  VAChaMax! uint16 VAChaMax_SF VA, MinRsvPct! uint16 MinRsvPct_SF %, ChaState uint16 ChaState_SF %, StorAval uint16 StorAval_SF Ah,
  InBatV uint16 InBatV_SF V, ChaSt enum16, OutWRte! int16 InOutWRte_SF %, InWRte! int16 InOutWRte_SF %, InOutWRte_WinTms! uint16 - s,
  InOutWRte_RvrtTms! uint16 - s, InOutWRte_RmpTms! uint16 - s, ChaGriSet! enum16, WChaMax_SF sunssf, WChaDisChaGra_SF sunssf, VAChaMax_SF sunssf,
  MinRsvPct_SF sunssf, ChaState_SF sunssf, StorAval_SF sunssf, InBatV_SF sunssf, InOutWRte_SF sunssf`

const BATTERY = `AHRtg uint16 AHRtg_SF Ah, WHRtg uint16 WHRtg_SF Wh, WChaRteMax uint16 WChaDisChaMax_SF W, WDisChaRteMax uint16 WChaDisChaMax_SF W,
  DisChaRte uint16 DisChaRte_SF %, SoCMax uint16 SoC_SF %, SoCMin uint16 SoC_SF %, SocRsvMax! uint16 SoC_SF %, SoCRsvMin! uint16 SoC_SF %,
  SoC uint16 SoC_SF %, DoD uint16 DoD_SF %, SoH uint16 SoH_SF %, NCyc uint32, ChaSt enum16, LocRemCtl enum16, Hb uint16, CtrlHb! uint16,
  AlmRst! uint16, Typ enum16, State enum16, StateVnd enum16, WarrDt uint32, Evt1 bitfield32, Evt2 bitfield32, EvtVnd1 bitfield32,
  EvtVnd2 bitfield32, V uint16 V_SF V, VMax uint16 V_SF V, VMin uint16 V_SF V, CellVMax uint16 CellV_SF V, CellVMaxStr uint16,
  CellVMaxMod uint16, CellVMin uint16 CellV_SF V, CellVMinStr uint16, CellVMinMod uint16, CellVAvg uint16 CellV_SF V, A int16 A_SF A,
  AChaMax uint16 AMax_SF A, ADisChaMax uint16 AMax_SF A, W int16 W_SF W, ReqInvState enum16, ReqW int16 W_SF W, SetOp! enum16,
  SetInvState! enum16, AHRtg_SF sunssf, WHRtg_SF sunssf, WChaDisChaMax_SF sunssf, DisChaRte_SF sunssf, SoC_SF sunssf, DoD_SF sunssf,
  SoH_SF sunssf, V_SF sunssf, CellV_SF sunssf, A_SF sunssf, AMax_SF sunssf, W_SF sunssf`

const LAYOUT: Readonly<Record<number, string>> = {
  1: COMMON,
  101: INVERTER,
  102: INVERTER,
  103: INVERTER,
  111: INVERTER_FLOAT,
  112: INVERTER_FLOAT,
  113: INVERTER_FLOAT,
  120: NAMEPLATE,
  121: SETTINGS,
  123: CONTROLS,
  124: STORAGE,
  802: BATTERY,
}

const read = new Map<number, ReadonlyMap<string, Point>>()

/** Ids of the models whose points are known by name. */
export const SUNSPEC_MODELS: readonly number[] = Object.keys(LAYOUT).map(Number)

/** The points of a model by name, in the order of their registers; undefined for a model this house does not know. */
export function pointsOf(model: number): ReadonlyMap<string, Point> | undefined {
  const layout = LAYOUT[model]
  if (layout === undefined) return undefined
  const known = read.get(model)
  if (known) return known
  const points = new Map<string, Point>()
  let offset = 2
  for (const entry of layout.split(',')) {
    const [name = '', type = '', scale = '-', unit = '-'] = entry.trim().split(/\s+/)
    const [kind, words] = KIND[type]!
    points.set(name.replace('!', ''), {
      name: name.replace('!', ''),
      offset,
      words,
      kind,
      ...(scale === '-' ? {} : { scale }),
      ...(unit === '-' ? {} : { unit }),
      writable: name.endsWith('!'),
      accumulator: type === 'acc32',
      isScale: type === 'sunssf',
    })
    offset += words
  }
  read.set(model, points)
  return points
}

/** Registers after the header of a model as the standard lays it out. */
export function lengthOf(model: number): number {
  const last = [...(pointsOf(model)?.values() ?? [])].at(-1)
  return last ? last.offset + last.words - 2 : 0
}
