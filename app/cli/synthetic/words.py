"""What synthetic citizens say (domain.md §3.1, §8): Chinese made of parts; every number is of a fictitious range."""

from dataclasses import dataclass
from random import Random

PEOPLE = 100_000
NUMBER_PREFIX = "199000"
"""No such mobile numbers are given out; what carries one is marked as a test."""

SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎"
ROADS = (
    "建设路", "矿工路", "中兴路", "开源路", "光明路", "和平路", "新华路", "体育路", "姚电大道", "平安大道", "长安大道",
    "神马大道", "湛北路", "湛南路", "凌云路", "龙翔大道", "祥云路", "育英路", "文化路", "迎宾路", "人民路", "城关大街",
    "望月路", "应河路", "父城路", "康乐路", "幸福街", "团结路", "劳动路", "五一路",
)  # fmt: skip
ESTATES = (
    "阳光花园", "龙门小区", "翠湖家园", "锦绣城", "金色港湾", "东方名苑", "鹰城世家", "湛河明珠", "书香雅居",
    "福泉社区",
    "安居小区", "和谐家园", "丽景苑", "盛世华庭", "滨河新村", "矿务局家属院", "棉纺厂家属院", "联盟社区", "红旗社区",
    "前进村", "白石山村", "焦庄村", "蒋姑山村", "温集村", "东王营村", "观音堂村", "大石桥村", "后营村", "李家庄村",
    "刘集村",
)  # fmt: skip
SPOTS = ("北门", "南门", "东门口", "门前", "附近", "路口", "对面", "院内", "公交站旁", "学校旁边", "市场门口", "")
DURATIONS = (
    "已持续三天", "已有一周", "近半个月来一直如此", "一个多月没有解决", "从昨天晚上开始", "今天早上发现", "已经两个月",
    "多次发生", "夜间尤其严重", "每到周末就出现",
)  # fmt: skip
EFFECTS = (
    "影响周边居民正常生活", "存在安全隐患", "老人和孩子出行不便", "群众意见很大", "商户无法正常经营",
    "楼内多户受到影响",
    "此前向物业反映没有结果", "社区表示需要上级部门协调", "沟通多次没有答复", "希望尽快有人到现场查看",
)  # fmt: skip
DEMANDS = (
    "请相关部门尽快处理并答复", "请核实情况并依法处理", "请派人到现场查看", "请责令限期整改", "请明确处理时限",
    "请协调解决", "请督促责任单位履行职责", "请给出书面答复",
)  # fmt: skip
DETAILS = {
    "01": ("墙面渗水发霉", "物业收费没有公示", "工地夜里还在施工", "路面坑洼积水", "电梯经常停运", "补偿款没有到位"),
    "02": (
        "摊贩占道经营",
        "垃圾堆放多日没有清运",
        "路灯整条街不亮",
        "油烟直排到居民窗口",
        "有人私自搭建",
        "流浪犬伤人",
    ),
    "03": (
        "水压不足三楼以上没有水",
        "频繁跳闸停电",
        "暖气温度不达标",
        "宽带被重复扣费",
        "窗口办理来回跑",
        "燃气没有开通",
    ),
    "04": ("公交车间隔太长", "出租车拒载绕路", "信号灯配时不合理", "停车场乱收费", "标线磨损看不清", "驾校不退费"),
    "05": ("拖欠工资三个月", "单位没有签合同", "社保断缴", "工伤认定没有进展", "养老金没有按时发放", "培训补贴未到账"),
    "06": ("商家拒绝退款", "预付卡门店关门", "食品已经过期", "没有明码标价", "销售假冒商品", "宣传与实际不符"),
    "07": ("工厂排放刺鼻气味", "河水发黑发臭", "夜间噪声扰民", "施工扬尘没有覆盖", "焚烧秸秆冒黑烟", "废料随意倾倒"),
    "08": ("医院收费没有明细", "疫苗预约不上", "医保报销比例有疑问", "诊所没有资质", "挂号窗口态度差", "药品断货"),
    "09": (
        "孩子入学划片有疑问",
        "培训机构不退费",
        "学校乱收资料费",
        "景区票价不合理",
        "健身器材损坏",
        "转学手续办不了",
    ),
    "10": (
        "宅基地审批没有回复",
        "土地承包款被截留",
        "灌溉机井无法使用",
        "养殖场污水外排",
        "补贴没有发到卡上",
        "耕地被占用",
    ),
    "11": ("消防通道被占用", "楼道里飞线充电", "井盖缺失", "有人违规燃放", "燃气管道有异味", "排水沟堵塞内涝"),
    "12": ("贷款利息有争议", "商家不开发票", "惠企政策没有兑现", "营业执照办理慢", "保险理赔拖延", "粮食收购压价"),
}
QUESTIONS = (
    "需要哪些材料", "在哪里办理", "多长时间能办好", "今年的标准是多少", "能不能网上办理", "受理时间和联系电话",
    "外地户籍能否办理", "逾期了怎么补办",
)  # fmt: skip
ANSWERS = (
    "已告知办理地点、所需材料和工作时间，可携带身份证到政务服务大厅办理",
    "已按现行政策解释标准和计算方法，诉求人表示清楚",
    "已告知可在政务服务网上提交，一般三个工作日内办结", "已告知咨询电话和办理流程，诉求人表示满意",
)  # fmt: skip
HANDLED = (
    "接单后立即安排人员到现场核实，情况属实，已责令责任单位整改",
    "经调查核实，已协调相关单位处理完毕，并与诉求人电话沟通",
    "已组织维修，目前恢复正常，后续将加强巡查", "经核查与反映情况部分相符，已按规定处理，并向诉求人解释政策",
)  # fmt: skip
PUBLIC_REPLIES = (
    "尊敬的市民：您好！您反映的问题已收悉。经核实，已安排处理完毕。感谢您的理解与支持。",
    "尊敬的市民：您好！您反映的情况已收悉，我单位已到现场核实并督促整改，后续将加强巡查。感谢您的监督。",
    "尊敬的市民：您好！您反映的事项已收悉，现将相关政策向您说明，如有疑问请再次来电。感谢您的支持。",
)
NUISANCE = ("来电人反复拨打且不陈述具体事项", "来电人内容含糊，无法核实具体时间地点", "来电人言语辱骂，没有具体诉求")


@dataclass(frozen=True)
class Person:
    """A made-up citizen; `name` is how the trade writes it: a surname and a form of address."""

    number: str
    name: str


def person(index: int) -> Person:
    """The index-th of PEOPLE: the same number always has the same name."""
    surname = SURNAMES[index * 7 % len(SURNAMES)]
    return Person(f"{NUMBER_PREFIX}{index:05}", surname + ("先生", "女士")[index // 3 % 2])


def pick(draw: Random, of: tuple[str, ...]) -> str:
    """One of these; quicker than `choice`."""
    return of[int(draw.random() * len(of))]


def address(draw: Random) -> str:
    """A place within a county that stands on no map."""
    house = int(draw.random() * 200) + 1
    return f"{pick(draw, ROADS)}{house}号{pick(draw, ESTATES)}{pick(draw, SPOTS)}"


def complaint(draw: Random, who: str, place: str, subject_code: str, matter: str) -> tuple[str, str]:
    """Content and demand of whatever is no question."""
    detail, demand = pick(draw, DETAILS[subject_code[:2]]), pick(draw, DEMANDS)
    return f"{who}来电反映：{place}{matter}，{detail}，{pick(draw, DURATIONS)}，{pick(draw, EFFECTS)}。", demand


def question(draw: Random, who: str, place: str, matter: str) -> tuple[str, str]:
    """Content and demand of a consultation."""
    asked = pick(draw, QUESTIONS)
    return f"{who}来电咨询：{place}{matter}相关事项，{asked}，{pick(draw, QUESTIONS)}。", f"了解{asked}"
