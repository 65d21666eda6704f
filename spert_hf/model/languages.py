"""Abbreviations and first words of sentences, language by language, that splitting raw text into sentences knows.

Abbreviations stand without their last point. One in lower case is known with a capital first letter as well, any other
only as it is written.
"""

from dataclasses import dataclass

from .abbreviations import MONTHS, STATES, TITLES


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


IN_NAMES = _words(
    """
    Al Ali Ben Da Dal Dan Kim Ott Per Son Will Tam De Del Della Des Di Dos Du El La Las Le Les Lo Los San Te Ten Ter
    Van Von
    """
)
"""Words that names begin with or are, and sentences of some language, too."""


@dataclass(frozen=True)
class Language:
    """What one language adds to the rules that all have.

    Args:
        never_last: abbreviations that something always follows: titles, ranks, streets, and the like of *approx*.
        seldom_last: abbreviations that may end a sentence, and more often do not.
        before_numbers: words that are abbreviations where a number follows.
        companies: legal forms and generations, which no sentence begins with and few end with.
        starters: words that sentences begin with, and names hardly ever.
        short_words: words as short as abbreviations, or as short of vowels, that sentences do end with.
        ordinals: whether a point behind a number makes it an ordinal.
        endings: what compounds end with that are abbreviated, as *Goethestr.* is.
    """

    never_last: frozenset[str]
    seldom_last: frozenset[str]
    before_numbers: frozenset[str]
    companies: frozenset[str]
    starters: frozenset[str]
    short_words: frozenset[str]
    ordinals: bool = False
    endings: tuple[str, ...] = ()


ENGLISH_STARTERS = _words(
    """
    A After Again All Although Among An And Another Any As At Because Before Both But By During Each Earlier Even
    Every Few For From He Her Here His How However I If In Instead It Its Last Later Many Meanwhile More Most Much My
    Neither Next No None Nor Not Now Of On Once One Or Other Our Over Police She Since So Some Still Such Than That
    The Their Then There These They This Those Though Three Through Thus To Today Two Under Until We Well What When
    Where Whether Which While Who Why With Yes Yesterday Yet You Your
    """
)

_ENGLISH = Language(
    never_last=TITLES
    | _words(
        """
        Mx Messrs Mme Mmes Mlle Drs Profs Govs Sens Reps Revs Gens Cols Lts Sgts Adm Amb Asst Assoc Atty Bp Abp Brig
        Br Card Cmdr Cdr Comdr Comdt Cmdt Cpl Const Cllr Ald Dep Det Ens Fr Hon Insp Lance Lieut Maj Mgr Msgr Mgsr Ofc
        Off Pfc Pres Pte Pvt Rt Sec Secy Spc Supt Sis Treas Vice-Adm Visc Mt Mts Ft Pt Ste Sta Sto vs cf e.g i.e
        approx viz ca circ esp incl excl resp est a.k.a aka d.b.a née eds repr
        """
    ),
    seldom_last=MONTHS
    | STATES
    | _words(
        """
        Mar Apr Jun Jul Sep Mon Tue Tues Wed Thu Thur Thurs Fri Sat Sun etc al Ave Blvd Rd Dept Intl Natl Int'l Assn
        Bldg Cie Div Esq Est Inst Univ Sq Hwy Pkwy Ctr Dist Mfg Mfrs Grp Hosp Lab Labs Sys Tech Acad Bur Fed Cal Penn
        Nebr Ont Que Alta Sask Man Oct Ph.D M.D B.A M.A U.S U.K U.N a.m p.m hrs min max avg misc dept assn
        """
    ),
    before_numbers=MONTHS
    | _words("No Nos no nos p pp Fig Figs Eq Eqs Sec Secs Vol Vols Ch Art Chap Par Pt Ref Refs vol fig"),
    companies=_words("Jr Sr Co Inc Corp Ltd Bros Cos plc Plc PLC Pty Pte LLP LLC"),
    starters=ENGLISH_STARTERS
    | _words("According Also Are Did Do Does Had Has Have Is Just Let Only Perhaps Soon These Was Were Will Would"),
    short_words=_words(
        """
        a ace act add ado age ago aid card gent arch aim air ale all am an and ant any ape apt arc are arm art as ash
        ask at ate awe axe back bad bag ban bar bat bay be bed bee beg bet bid big bit boo bow box boy bug bun bus but
        buy by bye cab can cap car cat cop cot cow cry cub cue cup cut dad dam day dead den dew did die dig dim dip do
        dog dot dry due dug dye ear eat ebb eel egg ego elf elm end era eve eye fan far fat fax fed fee few fig fin
        fit fix flu fly foe fog for fox fry fun fur gap gas get go god got gum gun gut guy gym had ham has hat hay he
        hen her hid him hip his hit hoe hog hop hot how hub hug hut i ice if ill in ink inn ion is it its ivy jam jar
        jaw jet job jog joy jug key kid kin kit lab lad lag lap law lay led leg let lid lie lip lit log lot low mad
        man map mat may me men met mix mob mom mop mud mug my nap near net new nil no nod nor not now nun nut oak oar
        oat odd of off oil old on one or ore our out owe owl own pad pan pass past pat pay pea pen per pet pie pig pin
        pit pop pot pro pub put ran rat raw ray red rib rid rim rip rob rod rot row rub rug run rye sad sail sand sat
        saw say sea see set sew sex she shy sin sip sir sit six ski sky sly so sob son sow soy spa spy sue sum sun tag
        tan tap tar tax tea ten the them tie tin tip to toe ton too top toy try tub two up urn us use van vat vet via
        vow wag war was wax way we web wed wet who why wig win wit woe won yes yet you zoo myth pm tv rhythm
        """
    ),
)

_GERMAN = Language(
    never_last=_words(
        """
        Hr Hrn Hrr Fr Frl dr drs prof dipl ing mag lic lt Ltn oblt hptm maj gen gfm kpt adm uffz fw feldw obst ogefr
        gefr insp komm oberinsp abg bgm min präs vors dir frhr gf hl sel sr st skt ew stv stellv med phil jur rer nat
        theol oec pol habil päd soz geb gest verh verw gesch verst gegr bzw bzgl ca ggf evtl inkl exkl insb insbes sog
        vgl resp gem zzgl abzgl einschl ausschl usf-z z.B z.b d.h u.a u.U i.d.R z.T z.Zt v.a i.A i.V a.d b.d o.g m.a.W
        zw kath ev evang dt engl frz franz ital span lat griech österr schweiz ehem amtl allg kgl kaiserl städt staatl
        Fa Abt Bez Krs Lkr Landkr Hrsg hrsg Verf Red Bearb Übers Univ Inst Ges abk urspr eigtl bes verm mögl
        """
    ),
    seldom_last=_words(
        """
        usw etc usf bspw Str str Pl Bhf Chr Jh Jhd Jhdt Jahrh Mio Mrd Std Min Sek Tsd Jan Feb Febr Mär Apr Jun Jul Aug
        Sept Okt Nov Dez Mo Di Mi Do Fr Sa So Aufl Ausg Anm Kfm o.ä u.ä u.ä.m e.V eG Gebr Nachf Co Cie Wwe jun sen jr
        gez Ing m.b.H mbH a.D n.Chr v.Chr
        """
    ),
    before_numbers=_words(
        "Nr Nrn nr S s Bd Bde Kap Abb Tab Art Abs Ziff Rn Rdnr Az Tel Anl Abschn Aufl Jg Lfg Hft H Taf"
    ),
    companies=_words("Co Jr Sr KG AG GmbH Nachf Cie"),
    starters=_words(
        """
        Aber Alle Allerdings Als Also Am An Anschließend Auch Auf Aus Außerdem Bei Beide Beim Bis Da Dabei Dadurch
        Dafür Dagegen Daher Damals Damit Danach Dann Darauf Darin Darum Das Dass Dazu Dem Den Denn Dennoch Der Deren
        Des Deshalb Dessen Dich Die Dies Diese Dieser Dieses Diesem Diesen Doch Dort Drei Du Durch Ein Eine Einem
        Einen Einer Eines Einige Er Erst Es Etwa Euch Für Gegen Heute Hier Hinter Ich Ihm Ihn Ihr Ihre Im Immer In
        Inzwischen Ist Jede Jeder Jedes Jedoch Jetzt Kein Keine Man Manche Mein Meine Mit Morgen Nach Nachdem Nicht
        Niemand Noch Nun Nur Ob Obwohl Oder Ohne Schon Sein Seine Seit Seitdem Sie So Sobald Sogar Später Sowohl Trotz
        Trotzdem Über Um Und Uns Unser Unter Viele Vom Von Vor Während Warum Was Wegen Weil Wenn Wer Wie Wir Wo Zu
        Zuletzt Zum Zur Zwar Zwei Zwischen Zudem Gestern Bereits Laut
        """
    ),
    short_words=_words(
        """
        mai ab acht alt am an arm art auf aus bat bei bis da das dem den der des dich die dir doch dort du ehe ein er
        es euch fuß fit gab gar gen gut hat her hin ich ihm ihn ihr im in ist ja je km lag los man mal mich mir mit
        nah neu nie nun nur ob oft ohr ort per rat rot sah sie sind so tag tat ton tor tot tun über um und uns vor war
        was weg weh weil wem wen wer wie wir wo zu zum zur zug
        """
    ),
    ordinals=True,
    endings=("str",),
)

_FRENCH = Language(
    never_last=_words(
        """
        univ
        M MM Mr Mrs mme mmes mlle mlles dr drs pr prs prof Me Mes mgr mgrs st ste sts stes Cdt Cne Col Gal Gén Lt
        Lieut Adj Adjt Sgt Cpl Cap Capt Cmdt Maj Brig Amb Adm R.P Fr Frs Sr Vve Vvg Ch Hon Dép Sén Prés Mar Préf Insp
        Ing Arch av bd bld boul pl rte imp fg fbg sq all chem rés bât lot qu cf p.ex ex env éd ca c.-à-d i.e e.g resp
        réf apr née sté ets éts coll trad dir vs tél
        """
    ),
    seldom_last=_words("etc Cie S.A S.A.R.L J.-C janv févr fév mars avr juil sept oct nov déc Jr Sr min sec hab km/h"),
    before_numbers=_words("p pp n no nos vol t chap fig art al ch tab réf tél env"),
    companies=_words("Cie SA SARL SAS Jr"),
    starters=_words(
        """
        À Ainsi Alors Après Au Aucun Aujourd Aussi Autre Aux Avant Avec Bien Ce Ceci Cela Celle Celui Cependant
        Certains Ces Cet Cette Ceux Chaque Chez Comme Comment Contre D Dans De Demain Depuis Dès Des Deux Donc Du Elle
        Elles En Enfin Ensuite Entre Est Et Eux Hier Il Ils Ici J Jamais Je Jusqu L La Le Les Leur Leurs Lors Lorsque
        Lui Ma Mais Malgré Même Mes Moi Mon Ne Ni Nos Notre Nous On Or Où Ou Par Parce Parfois Parmi Pendant Personne
        Peu Plus Plusieurs Pour Pourquoi Pourtant Puis Qu Quand Que Quel Quelle Quelques Qui Quoi S Sa Sans Se Selon
        Ses Si Son Sous Souvent Sur Ta Tandis Toi Ton Tous Tout Toute Toutes Trois Tu Un Une Vers Voici Voilà Vos
        Votre Vous C N
        """
    ),
    short_words=_words(
        """
        ai air ami an ans art as au aux bac bas bel blé bon bu bus but ça car ce ces clé cri dé de des dit dix don du
        duo eau eh elle en es est et eu eux été fer feu fil fin foi fou gaz ici il ils jeu je jus la là lac le les lit
        loi lui lu ma mai mal me mer mes mis moi mon mot mur né ne ni nom non nos nous nu nuit nul on or os ou où par
        pas peu pied plus pot pré pu qui roi rue sa sac sel ses six soi sol son su sud sur ta te thé toi toit ton tu
        un une va vie vin vit vol vos vous vrai vu y mort km
        """
    ),
)

_SPANISH = Language(
    never_last=_words(
        """
        Pte
        sr sra srta sres sras srtas D dn dña dª dr dra dres dras prof profa lic licda ing arq abg abog mtro mtra fr
        hno hna mons pbro rvdo rvda rdo rev sto sta excmo excma ilmo ilma gral gen cnel cor tte cap cmdte cdte sgto
        alfz alte almte pdte pdta dip sen gob min emb insp com av avda ctra pza plza pl urb edif bda dpto depto prov
        p.ej p.e ej vs aprox cf cfr i.e núm ca S.M S.A.R admr dir fco mª hnos hnas
        """
    ),
    seldom_last=_words(
        """
        EE UU FF AA CC OO RR HH JJ DD SS MM PP etc cía S.A S.L Ltda ud uds vd vds a.C d.C a.m p.m Jr ene feb abr jun
        jul ago sept set oct nov dic EE.UU FF.AA CC.OO pág págs
        """
    ),
    before_numbers=_words("p pp pág págs núm nº no n art arts fig figs vol vols cap caps t tel ed apdo km"),
    companies=_words("Cía Jr Ltda SA SL"),
    starters=_words(
        """
        A Además Ahora Al Algunos Algunas Allí Antes Aquel Aquella Aquí Así Aún Aunque Ayer Bajo Cada Casi Como Cómo
        Con Contra Cuál Cuando Cuándo De Debe Del Desde Después Dice Donde Dónde Dos Durante E El Él Ella Ellas Ello
        Ellos En Entonces Entre Era Es Esa Ese Eso Esos Esta Está Estas Este Esto Estos Están Fue Ha Había Hace Hacia
        Han Hasta Hay Hoy Incluso La Las Le Les Lo Los Luego Mañana Más Me Mi Mientras Mis Mucho Muchos Muchas Muy
        Nada Nadie Ni Ningún No Nos Nosotros Nuestra Nuestro Nunca O Otra Otro Otros Para Pero Poco Por Porque Pues
        Que Qué Quien Quién Se Según Ser Si Sí Sin Sino Sobre Son Su Sus También Tampoco Tan Te Tras Tres Tu Tú Un Una
        Uno Unos Unas Usted Varios Y Ya Yo
        """
    ),
    short_words=_words(
        """
        a al año así aún ayer bar bus casa cal col con da dar de dio del día dos el él en era es esa ese eso fe fin
        fue gas gel ha han hay hoy ido ir juez la las le ley les lo los luz mal mar más me mes mi mí mía mío mil muy
        ni no nos oro oír ojo os país pan par paz pez pie por que qué rey red río se sé sed ser si sí sin sol son su
        sur sus tal té te tía tío tren tres tu tú un una uno uva va van vez vi vio voz ya yo km
        """
    ),
)

_ITALIAN = Language(
    never_last=_words(
        """
        Em Ecc gen
        sig sigg sigra sig.ra sig.na dott dott.ssa dottssa dr dr.ssa prof prof.ssa proff avv avv.ti ing arch geom rag
        on sen cav comm gr uff mons rev card ill ill.mo egr spett gent gent.mo gen col cap magg ten sottoten serg mar
        maresc brig amm app s.ten isp comm.rio min pres dir on.le cav.uff sac fr ven sto ssa ss p.za p.zza p.le v.le
        c.so v.lo fraz loc prov str ca es p.es cfr cf i.e vs ad.es ecc.za fam f.lli cd cosidd seg
        """
    ),
    seldom_last=_words(
        """
        ecc etc S.p.A S.r.l s.p.a s.r.l S.n.c S.a.s Spa Srl soc coop a.C d.C sec genn febb febbr apr giu giugn lug ago
        sett ott nov dic tel ed pag pagg
        """
    ),
    before_numbers=_words("p pp pag pagg n nn nr num art artt fig figg vol voll cap capp tab t tel ed"),
    companies=_words("Spa Srl Jr S.p.A S.r.l"),
    starters=_words(
        """
        A Ad Adesso Agli Ai Al Alcuni Alcune Alla Alle Allo Allora Altri Anche Ancora Appena Attualmente Avevano Ci
        Che Chi Ciò Come Con Contro Così Cosa Da Dagli Dai Dal Dalla Davanti Degli Dei Del Dell Della Delle Dello
        Dentro Di Dopo Dove Due Dunque Durante E È Ecco Ed Egli Ella Era Erano Essa Esse Essi Esso Fino Forse Fra Già
        Gli Ha Hanno I Ieri Il In Infatti Infine Inoltre Insieme Invece Io L La Le Lei Li Lo Loro Lui Ma Mai Mentre Mi
        Mio Molti Molte Ne Negli Nei Nel Nell Nella Nelle Nello Nessuno Noi Non Nonostante Nulla O Oggi Ogni Oltre
        Oppure Ora Per Perché Però Più Poi Poiché Prima Pure Qua Qual Quale Quali Qualche Quando Quanto Quattro Quella
        Quelle Quelli Quello Questa Queste Questi Questo Qui Quindi Se Secondo Sei Sempre Senza Si Sia Solo Sono Sopra
        Sotto Spesso Sta Su Sua Subito Sul Sulla Suo Suoi Tra Tre Tu Tutta Tutte Tutti Tutto Un Una Uno Vi Voi
        """
    ),
    short_words=_words(
        """
        a ad ai al blu bar bus che chi ci ciò con cui da dei del dì di due e ed era età fa fai fu gas già gli ha ho
        hai i il in io là la le lei lì li lo lui ma mai me mia mie mio ne nei noi non né o oh ora ore oro più po poi
        pro qua qui re sa se sé sei sì si sia so sta sto su sua sue sul suo te tè tra tre tu tua tuo un una uno va vi
        via vie voi vai zia zio
        """
    ),
)

_DUTCH = Language(
    never_last=_words(
        """
        dhr mevr mw mej dr drs ir ing mr mrs prof ds jhr jkvr gen kol lt luit kapt maj sgt kpl adm burg weth min st
        ste past mgr kard pres dir insp comm bc hr fam wed wwe bijv d.w.z dwz m.a.w o.a m.n i.p.v t.a.v i.v.m t.o.v
        t.g.v m.b.t n.a.v z.g zgn z.g.n nl resp ca ong incl excl vgl cf evt afd prov gem geb overl gest v.d c.q cq
        o.l.v a.u.b i.c i.h.b t.w vnl vs fa gebr ged red
        """
    ),
    seldom_last=_words(
        """
        enz etc e.d e.a jl a.s B.V N.V bv nv jr sr jan febr mrt apr aug sept okt nov dec str pl v.Chr n.Chr Chr sec ll
        m.v s.v.p
        """
    ),
    before_numbers=_words("blz p pp nr nrs art fig hfdst dl tel afb par jrg no bijl tab"),
    companies=_words("Jr Sr BV NV B.V N.V Co"),
    starters=_words(
        """
        Aan Aangezien Achter Al Alle Alleen Als Altijd Alles Andere Beide Bij Binnen Boven Bovendien Daar Daarna
        Daarom Daarbij Dan Dankzij Dat De Deze Die Dit Doch Door Dus Echter Een Eerst Eigenlijk Elk Elke En Enkele Er
        Eén Gedurende Geen Gisteren Haar Heeft Hem Het Hier Hierdoor Hij Hoe Hoewel Hun Ik Iedereen In Inmiddels Is Ja
        Je Jij Jullie Later Maar Meer Men Mensen Met Mijn Misschien Morgen Na Naar Naast Nadat Nee Niemand Niet Niets
        Nog Nu Of Om Omdat Onder Ondanks Ons Onze Ook Op Over Pas Per Sinds Soms Te Tegen Tegenwoordig Ten Terwijl
        Tijdens Toch Toen Tot Twee Uit Vaak Vanaf Van Vandaag Veel Volgens Voor Voordat Vroeger Waar Waarom Wanneer
        Want Was Wat We Weer Welke Wie Wij Ze Zelfs Zij Zijn Zo Zodra Zoals Zonder U Uw
        """
    ),
    short_words=_words(
        """
        mei aan af al arm als bed bij bus dag dal dan dat de den der die dit doe dus een eet en er erg fit ga gas had
        heb hem hen het hij hun ik in is ja jas je kan kat kom kop kou la lag les ma man me mee men met mij na nee net
        nog nu nut of om ons op oud out rij rug set sla te toe tot tas tv u uit uur uw vak van vat ver vis vol wat weg
        wel wet wie wij wil was zag ze zee zei zij zin zo zon zus zoo lach dorp km kok pak pad rok mes
        """
    ),
    endings=("str", "ln"),
)

_PORTUGUESE = Language(
    never_last=_words(
        """
        sr sra srta srs sras dr dra drs dras prof profa profs eng enga arq adv exmo exma ilmo ilma D pe fr ir mons dom
        cap ten maj cel gen sgt cb alm brig com pres dep sen gov min des ver proc del insp cmdt cmte emb rev card av
        trav tv pça pc lg rod al jd vl sto sta conj edif apto bl res estr p.ex i.e cf cfr aprox ex vs ca S.M V.Ex
        V.Exa v.g núm nac esp
        """
    ),
    seldom_last=_words(
        """
        etc cia ltda lda S.A a.C d.C jr jan fev abr mai jun jul ago set out nov dez pág págs tel ed séc EE UU dpto
        depto
        """
    ),
    before_numbers=_words("p pp pág págs n nº no núm art arts fig figs vol cap t tel ed séc inc km"),
    companies=_words("Cia Jr Ltda Lda SA S.A"),
    starters=_words(
        """
        A Agora Ainda Além Algumas Alguns Antes Ao Aos Apenas Apesar Após Aquela Aquele Aqui As Às Assim Até Cada Com
        Como Contra Contudo Da Das De Depois Desde Dessa Desse Desta Deste Disse Do Dois Dos Durante E É Ela Elas Ele
        Eles Em Embora Enquanto Então Entre Era Eram Essa Essas Esse Esses Esta Está Estão Estas Este Estes Eu Foi
        Foram Há Hoje Isso Isto Já Lá Logo Mais Mas Me Mesmo Meu Minha Muita Muitas Muito Muitos Na Nada Não Nas Nem
        Nenhum Nessa Nesse Nesta Neste Ninguém No Nos Nós Nossa Nosso Num Numa Nunca O Onde Ontem Os Ou Outra Outro
        Outros Para Pela Pelo Perto Pois Por Porém Porque Portanto Pouco Qual Quando Quanto Que Quem Se Segundo Seis
        Sem Sempre Ser Será Seu Seus Si Só Sob Sobre Sua Suas São Também Tem Teve Toda Todas Todo Todos Três Tu Tudo
        Um Uma Umas Uns Você Vocês
        """
    ),
    short_words=_words(
        """
        a água ano ao aos ar as até avó avô boa bom céu cor com da dar das de dei dez dia do dois dor dos e é ela ele
        em era eu fez fé fim foi fui giz há ir já lá lar lei ler luz mal mão mar mas mau mel me mês meu mil mim má na
        não nem no nos nós num o olá os ou ovo pá pai pão par paz pé pó pôr por pra que rei ri rio rua sal são se sei
        sem ser seu sim só sob sol som sou sua sul tal tem teu tia tio ti tom três tu tua um uma uns uva vai vem ver
        vez vi via viu voz vós
        """
    ),
)

_POLISH = Language(
    never_last=_words(
        """
        ul al pl os im św śś ks bp abp kard o.o prof doc hab mgr inż lic dr płk ppłk mjr gen kpt kmdr por ppor chor
        sierż asp nadkom podkom kom insp podinsp st plut kpr szer adm red dyr prez prem min wojew burm sen mec adw
        sędz m.in np tzw tj tzn zw ok ur zm zob wg woj pow gm nt pn pt dot wyd tłum oprac właśc ewent ew resp vs cf ww
        jw hr ss bł
        """
    ),
    seldom_last=_words(
        """
        itd itp in godz tys mln mld zł gr sp S.A s.a z.o.o p.n.e n.e r ub br bm stycz lut mar kwiet czerw lip sierp
        wrześ paźdz listop grudz jr spółdz
        """
    ),
    before_numbers=_words("nr str s t poz art ust pkt par rozdz rys tab ryc godz tel zł lp"),
    companies=_words("Jr S.A Sp"),
    starters=_words(
        """
        A Aby Albo Ale Ani Bez Będzie Bo By Był Była Było Były Chce Chociaż Choć Ci Co Czy Czyli Czemu Dla Dlaczego
        Dlatego Do Dopiero Dwa Dziś Dzisiaj Gdy Gdyby Gdzie Go I Ich Inne Inni Iż Ja Jak Jako Jakie Je Jeden Jednak
        Jednym Jego Jej Jest Jeszcze Jeśli Jeżeli Już Każdy Kiedy Kto Która Które Który Lecz Ma Mają Mam Mimo Może
        Moja Mój My Na Nad Najpierw Następnie Nasz Nasza Natomiast Nic Nie Nigdy Nikt No O Oba Od On Ona One Oni Ono
        Oraz Po Pod Podczas Pomimo Ponadto Ponieważ Potem Poza Później Prawie Przed Przez Przy Razem Są Się Skąd Swoje
        Ta Tak Także Tam Te Tego Ten Teraz Też Tę To Trzy Tu Tutaj Tych Tym Tylko Ty W Wczoraj We Według Więc Wiele
        Wielu Wszyscy Wszystko Wtedy Wy Z Za Zaś Zawsze Ze Żaden Że Zatem Zdaniem Został Została Jutro Oto Obok Odtąd
        Stąd Zanim
        """
    ),
    short_words=_words(
        """
        a ach ale bal bez bok był ból bóg być cel cud co czas czy dąb dach dla dna do dno dom dym dwa go gra ich i ile
        iść ja jak je jej jest już koń kot kto lat las lub lód ma mąż mi mną moc mój mur my na nad nam nas nią nic nie
        nim niż noc nos o od ojca on ona one oko pan pas pies po pod pół psa rak raz rok rów ród ruch są ser się sen
        sok son sos stół sto syn tak tam ta te tej ten też tę to tor tu ty tym uda wam was we wie wiek wina woda wóz
        wsi wuj z za ze zły zło żal żar żon źle trwa km
        """
    ),
    ordinals=True,
)

_CZECH = Language(
    never_last=_words(
        """
        pí sl ing mgr bc MUDr JUDr PhDr RNDr MVDr PaedDr ThDr ThLic ThMgr PharmDr ICDr RSDr BcA MgA doc prof dr akad
        arch plk pplk mjr kpt npor por ppor gen genmjr genpor brig des rtm nrtm šrtm čet voj svob prap nprap pprap adm
        insp sv blah msgr mons kard red řed min prez posl sen star předs tajn zást ul nám nábř tř ulic sídl kat okr
        obv tzv tzn tj např mj resp popř příp cca nar zemř roz vs srov odd lat něm angl fr franc t.č t.j t.zn mn.č vyd
        přel ed hl ved
        """
    ),
    seldom_last=_words(
        """
        atd apod aj CSc DrSc DiS Ph.D PhD stol tis mil mld hod min vteř s.r.o a.s spol v.o.s o.p.s z.s n.l př.n.l n.m
        jr led únor břez dub květ červ červen srp září říj list pros st ml
        """
    ),
    before_numbers=_words("č čp čj str s sv r obr tab odst čl par roč tel kap sb p poz"),
    companies=_words("Jr s.r.o a.s"),
    starters=_words(
        """
        A Aby Ale Ani Ano Asi Avšak Až Bez Bude Budou By Byl Byla Bylo Byly Během Celá Celý Co Což Či Další Dále Dnes
        Do Dokud Dosud Dva Hned I Ihned Já Jak Jako Jaký Je Jeden Jedna Jedno Jeho Její Jejich Jen Jenže Jestli
        Jestliže Ještě Jsem Jsme Jsou Již K Kam Každý Kde Kdo Kdy Kdyby Když Ke Která Které Který Kromě Kvůli Letos
        Loni Má Mají Mezi Mnoho Mohou Možná Můj Musí Může My Na Nad Nakonec Například Náš Ne Nebo Nebyl Nejdříve Není
        Nic Nikdo Nikdy Nyní O Ob Oba Od On Ona Oni Ono Po Pod Podle Pokud Pak Poté Potom Potřebuje Pouze Pro Proč
        Prostě Protože Proti Proto První Přes Přesto Před Při S Se Si Spolu Stále Svůj Ta Tady Tak Takže Také Tam Ten
        Tento Této Tato Tedy Tehdy Ti To Toho Tohle Toto Tu Tuto Ty Tyto Tři U Už V Včera Ve Vedle Však Všechno
        Všichni Vždy Vy Z Za Zatím Zatímco Ze Zde Zítra Že
        """
    ),
    short_words=_words(
        """
        a aby ale až bál být bez bok bůh byl byla co čas čaj čin dál den dej dle dnů dní dno do dům dva hod hra hrb i
        já jak je jen ji jí jím jih již jít jsi jde krk kde kdo kdy kůň krb krev lek les let lev lid loď má mám me mě
        mi moc mír můj muž my na nad nám nás ne ní ním nic noc nos o od oba ode on ona oni oko otec pak pan pás pes
        plný po pod pól pro psa půl rád ráj rok rod rty ruku sám se sen si sníh sok stůl sto strom strach syn sýr ta
        tak tam tě ten tím to toho trh tu ty už věk ven víc víno vlk vliv vám vás vů vůz vy vůl z za ze zde zdi zem
        zub zlo prst smrt srst čtvrt smrk brk chrt hrst tvrz skrz vrch plž strž vlhk blb čtvrť krč hlt brt drn škrt
        """
    ),
    ordinals=True,
)

_DANISH = Language(
    never_last=_words(
        """
        med
        hr fr frk dr prof lekt adj cand mag ing arkt dir insp kapt løjtn ltn gen adm serg pol skt sct kgl stud fuldm
        advok formd min hrs fam kl ca bl.a f.eks feks dvs d.v.s mht iflg jf jfr pga ift inkl ekskl evt hhv vedr s.k
        såk ifm i.f.m p.g.a m.h.t p.t fx f.ex ang cf opr udg red alm tidl afd sml nuv resp oberst oberstl major past
        """
    ),
    seldom_last=_words(
        """
        osv mv m.v m.fl mfl m.m mm o.l o.lign o.s.v etc f.Kr e.Kr kr mio mia jan feb febr mar apr aug sept okt nov dec
        A/S ApS jun sen gl pl str stk sek årg årh maj
        """
    ),
    before_numbers=_words("nr s p bd kap fig tlf tel art stk afs tab d kl"),
    companies=_words("ApS Jr"),
    starters=_words(
        """
        Af Alle Alligevel At Begge Blandt Da De Dem Den Denne Der Derefter Deres Derfor Derimod Desuden Det Dette
        Disse Dog Du Efter Efterfølgende Eller Ellers En Endelig Er Et Flere For Fordi Foran Først Få Før Gennem Ham
        Han Hans Har Havde Hendes Her Herefter Hos Hun Hvad Hvem Hver Hvis Hvor Hvordan Hvorfor Hvornår I Ifølge Igen
        Ikke Imens Imidlertid Ind Ingen Ja Jeg Kan Kun Langs Man Mange Med Medens Mellem Men Mens Min Mod Måske Nej
        Nogle Nu Når Og Også Om Omkring Op Over På Samtidig Selv Senere Siden Sidste Sin Skal Som Snart Stadig Så
        Sådan Til To Tre Trods Ud Uden Under Var Ved Vi Vil Vores Være
        """
    ),
    short_words=_words(
        """
        juni juli af ad al alt at bad bar be ben bil bli bo by båd da dag de dem den der det dig din dit du død dør ed
        en end er et få fem fik for fra fri før får glad gud går gå gås ham han har hav hel her hjem hos hul hun hus
        hvem i ind is ja jer jeg job kan kat kok kun køb kød køl lov lys løb løn mad man mark med men mig min mit mod
        mor mus må ned nej ni ny nu når nær og om op ord os ost over på ren ret rig rod ro rum råd se seks sig sin sit
        sjov skib sko sol som sov stå så sø søn tag tak tal te tid til to tog tre træ tro tur tv ud ude ur ven vej vi
        vil vin ved vores vær år øje øl ø
        """
    ),
    ordinals=True,
)

_SWEDISH = Language(
    never_last=_words(
        """
        Bröd
        hr fr frk dr prof doc fil kapt löjtn överstelöjtn gen adm serg insp komm dir ing tekn adv kand mag lic jur med
        kh st s:t s:ta ang avd bitr stf bl.a t.ex tex dvs d.v.s kl ca c:a cirk fr.o.m t.o.m s.k sk p.g.a pga resp jfr
        jmf inkl exkl ev evt m.a.o f.d fd f.n f.ö i.st i.s.f u.a n.b cf vs urspr egentl utg övers red tidn enl kungl
        kgl
        """
    ),
    seldom_last=_words(
        """
        osv o.s.v etc m.fl mfl m.m mm o.d o.dyl e.d f.Kr e.Kr d.ä d.y A.B kr milj mkr mdr tkr jan feb febr mar apr aug
        sept okt nov dec jr sr sek tim årh forts e.m f.m em fm maj
        """
    ),
    before_numbers=_words("nr s sid p bd kap fig tel art tab mom kl"),
    companies=_words("Jr"),
    starters=_words(
        """
        Alla Allt Att Av Bara Båda De Dem Den Denna Deras Det Detta Dessa Dessutom Då Därefter Däremot Därför Där Du
        Efter Eftersom Eller Emellertid En Enligt Ett Fast Flera För Före Först Från Genom Han Hans Har Hade Hennes
        Hon Hos Här Hur I Ibland Igår Imorgon Ingen Innan Inom Inte Istället Ja Jag Just Kan Kanske Man Med Medan
        Mellan Men Mot Många Min Mycket Nej Nu Nyligen Någon Några När Och Också Om Omkring Oavsett På Redan Samtidigt
        Sedan Senare Sin Ska Som Snart Så Sådan Till Trots Tre Två Under Ur Utan Utanför Vad Var Varför Varje Vem Vi
        Vid Vilka Vilken Vår Vårt Än Är Även Åter Över
        """
    ),
    short_words=_words(
        """
        ab allt att av bad bar bil bli bo bok bord by båt bär dag de dem den det dig din ditt du där då död en ett er
        eld fel fem fin fot fru får få för gata glad god gul går gå hav hem hon honom han har hos hot hus hår här i in
        is ja jag jobb jul kan kom kort kök köp lag lov ljus lön man mat med men mig min mitt mor mot må ned nej ni nu
        ny när nät och om ord oss ost på ren rik ro rum råd rätt se sex sig sin sitt sju sist sjö ska skog sol som son
        sov stad stå så söt tak tal te tid till tog tre träd tro tur två tv tåg ur ut ute vad var vem vi vid vill vin
        väg vän vår åt år än är öl ö öga
        """
    ),
)

_HUNGARIAN = Language(
    never_last=_words(
        """
        dr id ifj özv prof szt gr br vez őrgy alez ezr ddtbk dtbk tbk szds szkv fhdgy hdgy alhdgy őrm ftőrm tzls tiz
        honv min kanc főisp isp pol szerk főszerk ig ügyv mérn okl kir cs hg bg püsp ért tan alp pl ún ill kb ti vö ld
        szül megh ford bev ol ui mb
        """
    ),
    seldom_last=_words(
        """
        stb kft zrt bt nyrt rt kkt ker krt u sz tszf évf old fsz em bek Mo hrsz jan febr márc ápr máj jún júl aug
        szept okt nov dec i.sz i.e Kr.e Kr.u du db ft eft vm
        """
    ),
    before_numbers=_words("sz kb old o bek évf köt tel fej ld hrsz"),
    companies=_words("Kft Zrt Bt Nyrt Rt Jr"),
    starters=_words(
        """
        A Abban Abból Addig Ahhoz Ahogy Akkor Aki Akik Ali Ám Amely Amelyek Ami Amikor Amint Annak Arra Arról Attól Az
        Azért Azok Azonban Azt Aztán Azután Bár Be Belül Csak De E Ebben Eddig Ehhez Egy Egyik Együtt Ekkor El Elején
        Először Előtt Én Engem Ennek Erre Erről És Ez Ezek Ezért Ezt Ezután Fel Ha Hanem Három Hiszen Hogy Hol Holnap
        Hova Igen Így Ilyen Immár Is Itt Jelenleg Ki Két Kettő Később Közben Következő Le Legyen Ma Már Még Mégis Meg
        Mert Mi Miatt Míg Miért Mikor Milyen Mind Minden Mindenki Mindez Mint Mintha Most Nagyon Ne Nekem Nem Nincs Ő
        Ők Oda Olyan Ott Önök Pedig S Se Sem Semmi Sok Sokan Szerinte Tegnap Te Ti Több Továbbá Tovább Ugyanakkor Úgy
        Után Utána Vagy Vajon Van Vannak Végül Vele Viszont Volt Voltak
        """
    ),
    short_words=_words(
        """
        a ad ág ám ár át az be bor báb bár bőr cél csak cég de dal el ég én és ez ezt eső fa fal fej fel fő fű fia
        föld gép ha hal ház hat hó hol hon hét híd hír idő igen ír is itt jó jég jön ki kép kis két kéz kor kert kő
        köd kút le lesz levél ló láb lát lap lét ma már még meg mi mind most múlt mű nem nap név nő nyár ő ők őt ott
        öt őr ősz pap pár pék por pénz rá rég rend rét rom rossz só s se sem sok sor szó sír sör te tél ti tó tej tűz
        tíz tőr új úr úgy út van vár vas víz vagy vele vég vér vidék volt ül él élt fut áll
        """
    ),
    ordinals=True,
)

_TURKISH = Language(
    never_last=_words(
        """
        dr prof doç yrd av sn op uzm gen alb yzb tğm ütğm org korg tümg tuğg bnb yb asb kd çvş onb ord öğr gör arş müh
        mim ecz vet hz st hst mr mrs tümgen tuğgen orgen mare amr kom kur hv bşk md gnl yrb örn bkz yak krş çev haz
        yay ed
        """
    ),
    seldom_last=_words(
        """
        vb vs vd mah cad sok sk bul blv apt şti ltd tic san a.ş A.Ş yy M.Ö M.S İ.Ö İ.S T.C üniv fak hast böl dk sa tl
        mil oca şub mar nis tem ağu eyl eki Jr
        """
    ),
    before_numbers=_words("no s sf sy c mad md fık şek tab tel nu"),
    companies=_words("Şti Ltd AŞ A.Ş Tic"),
    starters=_words(
        """
        Ama Ancak Artık Aslında Asla Aynı Ayrıca Bana Bazen Bazı Ben Beni Benim Bile Bir Biri Birçok Birkaç Biz Bize
        Böyle Böylece Bu Bugün Bunlar Bunu Bunun Bununla Burada Buna Bütün Çok Çoğu Çünkü Da Daha De Diğer Dün Eğer En
        Evet Fakat Gene Hala Hâlâ Hangi Hayır Hem Hemen Henüz Hep Her Herkes Hiç Hiçbir İki İlk İşte İyi Kadın Kendi
        Kendisi Kim Kimse Lakin Nasıl Ne Neden Nerede Niçin O Olan Ona Onlar Onlara Onu Onun Orada Oysa Önce Öyle Pek
        Peki Sadece Sana Sen Senin Siz Sizin Son Sonra Sonunda Şimdi Şöyle Şu Tam Tüm Üç Üstelik Var Ve Veya Ya Yani
        Yarın Yeni Yine Yok Zaten
        """
    ),
    short_words=_words(
        """
        aç ad ağ ak al alt an ara at ay aydı az bak baş bel ben bil bin bir biz bol boy bu buz çam çay çok da dağ dal
        de dil din diz dış dün düş ek el en er et ev evi gel gez gir git göl gör göz güç gül gün gür haç hak hal han
        hap hem hep her hiç ılık iç iki il ip iş iyi iz kar kat kaç kan kaş kel kez kış kız kim kol kor kök köy kum
        kuş küp mı mi mu mü ne o of ol on oda ok ot oy öç ön öz pek ruh saç sağ sal sel sen ses set sır siz sol son
        soy söz su suç süt şu şey taş tat tek ter top tuz tüm tür uç un uz üç ün var ve vaz ver ya yağ yas yaş yaz yer
        yet yıl yol yok yön yüz zar zor zaman
        """
    ),
    ordinals=True,
)

_RUSSIAN = Language(
    never_last=_words(
        """
        ул просп пр-т пр-кт пер пл наб бул бульв бул-р пр-д ш-се туп мкр стр-во им проф акад доц канд кан докт д-р г-н
        г-жа гн ген полк подполк кап к-н лейт л-т ст-на серж ефр ряд адм инж тов гр св свящ прот архим еп архиеп митр
        патр мин зам зав нач пред деп сен гос ред сост перев авт преп род ок прибл т.е т.н т.к т.о см ср напр обл р-н
        дер пос пгт хут респ окр гор ж.д изд отв тел в.т.ч лат англ нем франц итал греч букв
        """
    ),
    seldom_last=_words(
        """
        др пр гг г в вв тыс млн млрд трлн руб коп мин сек кв куб т.д т.п н.э янв февр фев мар апр авг сент окт нояб
        ноя дек мл чел экз шт в.д
        """
    ),
    before_numbers=_words("стр с рис табл гл ст п пп т тт ч д кв корп оф тел разд вып изд илл прим"),
    companies=_words("мл"),
    starters=_words(
        """
        А Благодаря Более Будет Был Была Были Было В Вам Вас Ведь Весь Во Вот Впрочем Все Всё Всего Всем Вскоре Вчера
        Вы Где Да Даже Два Для До Его Ее Её Если Есть Ещё Еще За Завтра Затем Здесь И Из Или Именно Иногда Их К Каждый
        Как Какой Когда Конечно Которые Который Кроме Кто Куда Лишь Между Меня Мне Многие Может Мой Мы На Над Надо
        Например Нас Наш Не Него Нельзя Несмотря Нет Ни Никто Никогда Но Ну О Об Оба Однако Один Он Она Они Оно От
        Отец По Под Пока После Поскольку Потом Потому Почему Поэтому При Про Раньше С Сам Свой Себя Сегодня Сейчас
        Сначала Снова Со Среди Так Также Такой Там Твой Тебе Тем Теперь То Тогда Тоже Только Тот Три Ты У Уже Хотя
        Чего Чем Через Что Чтобы Эта Эти Это Этого Этом Этот Я
        """
    ),
    short_words=_words(
        """
        мае мая дне дня ногу руку рук ног дна лба рта а ад бег без бой бок бор был быт быть вас ваш век вес вид вне
        вниз все всё вот врач вы где год да дал дар два дед дети день дни для дно до дом дочь друг дух его ее её ел ей
        еду еще ещё ем жил жар жир за зал зло зуб зря и игра из их как кот край кто куб лад лес лет лев лёд лист лоб
        лук луг люд мать мал мир мёд мне мной мог мой мол мост муж мы на над нам нас наш не неё ней нет ни них ним но
        нос ночь ну о об обед он она они оно от отец пес пар пол по под поле пир пить при путь рад раз ров рис род рот
        ряд с сад сам свет себя сок сил сел семь сын сон суд сто стол стул суп сыр так там те тебе тем то тот три ты
        тут ум ус уж уже ура хлеб ход час чай чем что шаг шея шёл шум щи эта это эту юг я яд яма
        """
    ),
)

BY_LANGUAGE = {
    "en": _ENGLISH,
    "de": _GERMAN,
    "fr": _FRENCH,
    "es": _SPANISH,
    "it": _ITALIAN,
    "nl": _DUTCH,
    "pt": _PORTUGUESE,
    "pl": _POLISH,
    "cs": _CZECH,
    "da": _DANISH,
    "sv": _SWEDISH,
    "hu": _HUNGARIAN,
    "tr": _TURKISH,
    "ru": _RUSSIAN,
}
"""What each known language adds, by its ISO 639-1 code."""
